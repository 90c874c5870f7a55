import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';

type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentFile {
  readonly file: string;
  readonly values: Readonly<Record<string, string>>;
  /** `EACCES` and the like, when it is there and cannot be read. */
  readonly problem: string | null;
}

/** `.env` of this folder. That there is none is no problem. */
export function readEnvironmentFile(directory: string): EnvironmentFile {
  const file = path.join(directory, '.env');
  try {
    return { file, values: parse(readFileSync(file)), problem: null };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { file, values: {}, problem: code === 'ENOENT' ? null : code };
  }
}

/** What the service itself would read: the environment goes before `.env`, and an empty variable is an absent one. */
export function mergeEnvironment(environment: Environment, fromFile: Environment): Record<string, string | undefined> {
  const given = Object.entries(environment).filter(([, value]) => value?.trim());
  return { ...fromFile, ...Object.fromEntries(given) };
}

/** Where the service listens, seen from this machine; null when it takes a free port, which only its log names. */
export function serviceUrl({ HOST, PORT }: Environment): string | null {
  const port = PORT?.trim() || '3000';
  if (Number(port) === 0) return null;
  const host = HOST?.trim() || '127.0.0.1';
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * `http://host:port/` -> without the slash at the end, so that paths can follow. null for what is no address of a web
 * server.
 */
export function readUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password) return null;
  return url.href.replace(/\/+$/, '');
}

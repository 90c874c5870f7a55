/**
 * Paired identities: pairing costs 812 pre-keys each, so every phone is paired once and all sides start from copies.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BufferJSON } from '@whiskeysockets/baileys';
import { AuthDatabase } from '../src/store/sqlite/keys/auth-database.js';
import { phoneOf } from './numbers.js';
import { Child } from './rpc.js';

export interface Identity {
  creds: Record<string, unknown>;
  keys: Record<string, Record<string, unknown>>;
}

export interface Urls {
  url: string;
  controlUrl: string;
}

const BLOCK = 30;

export async function pairAll(count: number, folder: string, emulator: Child, urls: Urls): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  const pairer = new Child('bench/bare-process.ts', {
    env: { ...process.env, URL: urls.url, CONTROL_URL: urls.controlUrl },
  });
  for (let first = 0; first < count; first += BLOCK) {
    const organizations = Array.from({ length: Math.min(BLOCK, count - first) }, (_, index) => first + index);
    await pairer.ask('pair', { organizations, folder });
    for (const organization of organizations) await emulator.ask('settled', phoneOf(organization));
    await pairer.ask('keep', organizations);
  }
  await pairer.end();
}

/** The service's folders of these organizations, made as an import makes them. */
export function authFolders(organizations: readonly number[], pool: string, directory: string): void {
  fs.mkdirSync(directory, { recursive: true });
  for (const organization of organizations) {
    const text = fs.readFileSync(path.join(pool, `${organization}.json`), 'utf8');
    const { creds, keys } = JSON.parse(text, BufferJSON.reviver) as Identity;
    AuthDatabase.create(path.join(directory, String(organization)), creds, keys).close();
  }
}

import supertest from 'supertest';
import { readConfig } from '../../../src/config.js';
import { createApp, type AppParts } from '../../../src/http/app.js';
import { createLogger } from '../../../src/logger.js';
import { InMemorySessions, NOW } from './in-memory-sessions.js';

export const API_KEY = 'kY3-8fQz_71LmWb-Xr20pTsvN';
export const config = readConfig({ API_KEY, SEND_TIMEOUT: '8000', CLEAN_WAIT: '5000' });

export type LogLine = Record<string, unknown> & { level: string; event: string; msg: string };

/** The HTTP room alone, over sessions in memory; its log is collected. */
export function onStage(parts: Partial<AppParts> = {}) {
  const sessions = new InMemorySessions();
  const log: LogLine[] = [];
  const logger = createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (line: string) => void log.push(JSON.parse(line) as LogLine) },
  });
  const app = createApp({ config, sessions, logger, now: () => NOW, ...parts });
  const http = supertest(app);
  return {
    app,
    sessions,
    log,
    /** Without a key. */
    anonymous: http,
    get: (path: string) => http.get(path).set('x-api-key', API_KEY),
    post: (path: string, body?: unknown) => {
      const request = http.post(path).set('x-api-key', API_KEY);
      return body === undefined ? request : request.send(body as object);
    },
  };
}

export type Stage = ReturnType<typeof onStage>;

/** What every error answer must look like, whatever happened. */
export interface ErrorBody {
  error: string;
  code: string;
  request_id: string;
  status?: string;
  hint?: string;
  fields?: Record<string, string>;
}

export function errorBody(response: { body: unknown }): ErrorBody {
  return response.body as ErrorBody;
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { count, instant, isoTime, named } from '../../answers/common.js';
import { operation } from '../../operation.js';
import { SENTENCES } from '../../sentences.js';

/** Four folders above, of `src/api/operations/page` as of `dist/api/operations/page`. */
const PACKAGE_FILE = path.resolve(import.meta.dirname, '../../../../package.json');

const service = named(
  'Service',
  z.object({
    version: z.string(),
    sessions: count,
    uptime_seconds: count,
    default_country: z.string(),
    default_language: z.string(),
    languages: z.array(z.string()),
    now: instant,
  }),
);

/** For the head of the page. */
export const getService = operation({
  method: 'get',
  path: '/api/service',
  id: 'getService',
  tag: 'Page',
  summary: 'Which service this is',
  scope: 'admin',
  answers: { 200: { about: 'The service.', json: service } },
}).handledBy(({ config, sessions, now }) => {
  const { version } = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string };
  return async () => ({
    status: 200,
    json: {
      version,
      sessions: sessions.count(),
      uptime_seconds: Math.floor(process.uptime()),
      default_country: config.DEFAULT_COUNTRY,
      default_language: config.DEFAULT_LANGUAGE,
      languages: Object.keys(SENTENCES),
      now: isoTime(now()),
    },
  });
});

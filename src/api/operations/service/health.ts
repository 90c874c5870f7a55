import { z } from 'zod';
import { count, instant, isoTime, named } from '../../answers/common.js';
import { operation } from '../../operation.js';

const answer = named('Health', z.object({ status: z.literal('ok'), sessions: count, timestamp: instant }));

export const health = operation({
  method: 'get',
  path: '/health',
  id: 'health',
  tag: 'Operation',
  summary: 'How many sessions are held',
  scope: 'open',
  answers: { 200: { about: 'It answers.', json: answer } },
}).handledBy(({ sessions, now }) => async () => ({
  status: 200,
  json: { status: 'ok', sessions: sessions.count(), timestamp: isoTime(now()) },
}));

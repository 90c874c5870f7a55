import { z } from 'zod';
import { named } from '../../answers/common.js';
import { operation } from '../../operation.js';

const answer = named('Live', z.object({ status: z.literal('ok') }));

export const live = operation({
  method: 'get',
  path: '/health/live',
  id: 'live',
  tag: 'Operation',
  summary: 'Whether the process answers',
  scope: 'open',
  answers: { 200: { about: 'It answers.', json: answer } },
}).handledBy(() => async () => ({ status: 200, json: { status: 'ok' } }));

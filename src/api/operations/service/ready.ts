import { z } from 'zod';
import { count, named } from '../../answers/common.js';
import { operation } from '../../operation.js';

const readiness = named(
  'Readiness',
  z.object({
    status: z.enum(['ready', 'starting']),
    ready: z.boolean(),
    restoring: count.meta({ description: 'Sessions that had no try yet since the start.' }),
    version_refused: z.boolean(),
  }),
);

export const ready = operation({
  method: 'get',
  path: '/health/ready',
  id: 'ready',
  tag: 'Operation',
  summary: 'Whether every session had its first try',
  scope: 'open',
  answers: {
    200: { about: 'Ready.', json: readiness },
    503: { about: 'Starting. It is an answer, not an error, so it has no code.', json: readiness },
  },
}).handledBy(({ sessions }) => async () => {
  const { ready, restoring, versionRefused } = sessions.readiness();
  return {
    status: ready ? 200 : 503,
    json: { status: ready ? 'ready' : 'starting', ready, restoring, version_refused: versionRefused },
  };
});

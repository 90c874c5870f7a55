import { z } from 'zod';
import { operation } from '../../operation.js';

/**
 * No key is needed: it is the same for everybody who runs the service, and whoever writes to the service should be
 * able to read it first.
 */
export const openapi = operation({
  method: 'get',
  path: '/openapi.json',
  id: 'openapi',
  tag: 'Operation',
  summary: 'This document',
  scope: 'open',
  answers: {
    200: { about: 'OpenAPI 3.1.', other: { 'application/json': z.looseObject({ openapi: z.string() }) } },
  },
}).handledBy(({ document }) => {
  let json: string | undefined;
  return async () => ({ status: 200, type: 'application/json', body: (json ??= JSON.stringify(document())) });
});

import { z } from 'zod';
import { operation } from '../../operation.js';

/** Needs the key like the rest, also as a bearer token. */
export const metrics = operation({
  method: 'get',
  path: '/metrics',
  id: 'metrics',
  tag: 'Operation',
  summary: 'Metrics for Prometheus',
  about: 'Described in ops/README.md.',
  scope: 'admin',
  answers: { 200: { about: 'In the exposition format.', other: { 'text/plain': z.string() } } },
}).handledBy(({ metrics }) => async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }));

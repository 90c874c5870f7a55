import { z } from 'zod';
import { operation } from '../../operation.js';
import { builtPages, pageFileReply } from '../../page-files.js';

/** Never cached, so that a new build is seen at once. It holds nothing: what it shows it asks of `/api`. */
export const page = operation({
  method: 'get',
  path: '/',
  id: 'page',
  tag: 'Page',
  summary: "The operator's page",
  scope: 'page',
  answers: { 200: { about: 'The page; it loads nothing from elsewhere.', other: { 'text/html': z.string() } } },
  errors: ['page_not_built'],
}).handledBy(
  ({ pageFiles }) =>
    async (_input, call) =>
      pageFileReply(call, builtPages(pageFiles).index),
);

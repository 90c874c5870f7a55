import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import { operation } from '../../operation.js';
import { builtPages, pageFileReply } from '../../page-files.js';

export const pageAsset = operation({
  method: 'get',
  path: '/assets/:name',
  id: 'pageAsset',
  tag: 'Page',
  summary: 'What the pages are made of',
  scope: 'page',
  params: z.object({ name: z.string().meta({ description: 'As the page names it.' }) }),
  answers: {
    200: { about: 'The file; a name has one content for ever.', other: { 'text/javascript': z.string() } },
  },
  errors: ['not_found', 'page_not_built'],
}).handledBy(({ pageFiles }) => async ({ params }, call) => {
  const file = builtPages(pageFiles).assets.get(params.name);
  if (!file) throw new ServiceError('not_found');
  call.response.set('Cache-Control', 'public, max-age=31536000, immutable');
  call.response.removeHeader('Vary');
  return pageFileReply(call, file);
});

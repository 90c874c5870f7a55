import { mustBeKnown, settings, settingsFields } from '../../answers/settings.js';
import { inOrganizationPath } from '../../fields.js';
import { operation } from '../../operation.js';

export const getOrganizationSettings = operation({
  method: 'get',
  path: '/api/organization-settings/:organization_id',
  id: 'getOrganizationSettings',
  tag: 'Messages',
  summary: 'What an organization chose',
  scope: 'admin',
  params: inOrganizationPath,
  answers: { 200: { about: 'The settings.', json: settings } },
  errors: ['unknown_organization'],
}).handledBy((parts) => async ({ params }) => {
  const { organization_id: id } = params;
  await mustBeKnown(id, parts);
  return { status: 200, json: settingsFields(id, parts) };
});

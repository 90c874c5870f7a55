import { z } from 'zod';
import type { ErrorCode } from '../../errors.js';
import type { Scope } from '../operation.js';
import type { DocumentableOperation } from './document.js';

const BY_SCOPE: Readonly<Record<Scope, readonly ErrorCode[]>> = {
  admin: [
    'missing_api_key',
    'wrong_api_key',
    'signed_out',
    'cross_site_request',
    'too_many_requests',
    'storage_unavailable',
  ],
  shop: ['unknown_shop_link', 'cross_site_request', 'storage_unavailable'],
  open: [],
  page: [],
};

/** Every error that an operation may answer: those of its scope and of its input, and its own. */
export function errorsOf({ scope, params, body, query, errors = [] }: DocumentableOperation): ErrorCode[] {
  const asksOrganization = [params, body, query].some(
    (schema) => schema instanceof z.ZodObject && 'organization_id' in schema.shape,
  );
  const codes = new Set<ErrorCode>([
    'internal_error',
    ...BY_SCOPE[scope],
    ...(body ? (['invalid_json', 'invalid_request', 'body_too_large', 'unsupported_media_type'] as const) : []),
    ...(query ? (['invalid_request'] as const) : []),
    ...(asksOrganization ? (['invalid_organization_id'] as const) : []),
    ...errors,
  ]);
  return [...codes];
}

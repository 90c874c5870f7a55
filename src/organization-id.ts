/** The customer's id of an organization, checked: safe as a folder name, a log label and a URL segment. */
export type OrganizationId = string & { readonly __brand: 'OrganizationId' };

/**
 * Marks the backups of an auth folder, `<id>_corrupted_<ms>`; an id that contained it could name somebody else's
 * backup.
 */
export const BACKUP_MARK = '_corrupted_';

const PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/**
 * Reads `organization_id` as callers send it: a string or an integer.
 * @returns the id, or null when it is not a valid one (never throws; the caller names the field).
 */
export function parseOrganizationId(value: unknown): OrganizationId | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !PATTERN.test(text) || text.includes(BACKUP_MARK)) return null;
  return text as OrganizationId;
}

/** How logs name an organization: `org_id_2`. */
export function organizationLabel(id: string): string {
  return `org_id_${id}`;
}

const IN_ORDER = new Intl.Collator('en', { numeric: true });

/** The order of all lists: 2 before 10. Never 0 for two ids that differ, so that an id can be a place in the list. */
export function compareOrganizationIds(one: string, other: string): number {
  return IN_ORDER.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
}

import { z } from 'zod';
import { compareOrganizationIds, type OrganizationId, parseOrganizationId } from '../organization-id.js';
import { SESSION_STATUSES, type SessionOutline } from '../session/session-view.js';
import { listOf, namesOf, parsed } from './fields.js';
import { LISTED_FIELDS, type ListedField } from './answers/session.js';
import type { FieldProblem } from './sentences.js';

/** What `GET /api/sessions` can be asked for: which sessions, in which order, how many, and which fields of them. */

const MAX_PAGE = 1000;
const MAX_IDS = 200;
const MAX_SEARCH = 64;
/**
 * So many digits are looked for anywhere in a phone number; fewer only at its end, for they are in nearly every one.
 */
const DIGITS_ANYWHERE = 4;

/** By need: what a person should look at first comes first. */
export const SESSION_GROUPS = ['attention', 'scan', 'other', 'connected'] as const;
export type SessionGroup = (typeof SESSION_GROUPS)[number];

/** The operator's page has the same rule (`session-words.ts`); a test holds the two against each other. */
export function groupOf({ status, attention }: Pick<SessionOutline, 'status' | 'attention'>): SessionGroup {
  // Keys that may be put back are more than a scan that is due.
  if (attention?.code === 'auth_folder_missing') return 'attention';
  if (status === 'qr_ready' || status === 'qr_required' || attention?.code === 'qr_expired') return 'scan';
  if (attention !== null) return 'attention';
  return status === 'connected' ? 'connected' : 'other';
}

const problem = (name: FieldProblem): FieldProblem => name;

/** A place in the list: behind this id, or by need behind this id of this group. It need not be there any more. */
interface Place {
  readonly group: SessionGroup | null;
  readonly id: OrganizationId;
}

function readPlace(value: unknown): Place | null {
  if (typeof value !== 'string') return null;
  const [first = '', second, ...others] = value.split(':');
  const id = parseOrganizationId(second ?? first);
  const group = second === undefined ? null : SESSION_GROUPS.find((one) => one === first);
  return id === null || group === undefined || others.length > 0 ? null : { group, id };
}

const fields = z
  .unknown()
  .transform((value, context): ListedField[] => {
    const known: ListedField[] = [];
    for (const name of listOf(value) ?? ['']) {
      const field = LISTED_FIELDS.find((one) => one === name);
      if (field) known.push(field);
      // Each unknown one by its name: "fields.phone: there is no such field".
      else context.addIssue({ code: 'custom', path: name === '' ? [] : [name], message: problem('unknown') });
    }
    return known;
  })
  .meta({
    type: 'string',
    description:
      `Only these fields of each session, separated by commas: ${LISTED_FIELDS.join(', ')}. ` +
      'organization_id is always there.',
  });

export const sessionsQuery = z
  .strictObject({
    status: namesOf(SESSION_STATUSES, 'session_status', 'One or several').optional(),
    group: namesOf(SESSION_GROUPS, 'session_group', 'One or several').optional(),
    search: z
      .string({ error: problem('session_search') })
      .trim()
      .min(1, problem('session_search'))
      .max(MAX_SEARCH, problem('session_search'))
      .optional()
      .meta({ description: `Part of the id, or last digits of the phone (${DIGITS_ANYWHERE} or more: any of it).` }),
    ids: parsed((value) => {
      const ids = listOf(value)?.map(parseOrganizationId);
      return ids && ids.length <= MAX_IDS && !ids.includes(null) ? new Set(ids as OrganizationId[]) : null;
    }, 'session_ids')
      .meta({ type: 'string', description: `Only these, separated by commas; at most ${MAX_IDS}.` })
      .optional(),
    sort: z
      .enum(['id', 'need'], { error: problem('session_sort') })
      .optional()
      .meta({ description: '`id`, as when absent, or `need`: those that need a person first.' }),
    limit: parsed((value) => {
      const size = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
      return size >= 1 && size <= MAX_PAGE ? size : null;
    }, 'session_page_size')
      .meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE, description: 'Longest page; all when absent.' })
      .optional(),
    after: parsed(readPlace, 'session_cursor')
      .meta({ type: 'string', description: '`next` of the page before; in the order of ids any id will do.' })
      .optional(),
    fields: fields.optional(),
  })
  .superRefine(({ sort, after }, context) => {
    if (after && (after.group !== null) !== (sort === 'need')) {
      context.addIssue({ code: 'custom', path: ['after'], message: problem('session_cursor') });
    }
  });

export type SessionsQuery = z.output<typeof sessionsQuery>;

export interface SessionPage {
  readonly ids: readonly OrganizationId[];
  /** How many fit, on all pages. */
  readonly matching: number;
  /** How many of each group fit everything but `group`. */
  readonly groups: Readonly<Record<SessionGroup, number>>;
  /** The following page's `after`. */
  readonly next: string | null;
}

/**
 * The page that was asked for; `outlines` are in the order of their ids. Places are of the order and not of a moment,
 * so a page stays right when others come or go.
 */
export function pageOf(outlines: readonly SessionOutline[], query: SessionsQuery): SessionPage {
  const groups: Record<SessionGroup, number> = { attention: 0, scan: 0, other: 0, connected: 0 };
  const found: Place[] = [];
  const isFound = searcher(query.search);
  for (const outline of outlines) {
    const { organizationId: id, status } = outline;
    if ((query.ids && !query.ids.has(id)) || (query.status && !query.status.includes(status))) continue;
    if (!isFound(outline)) continue;
    const group = groupOf(outline);
    groups[group] += 1;
    if (!query.group || query.group.includes(group)) found.push({ group: query.sort === 'need' ? group : null, id });
  }
  // Stable: within a group the order of ids stays.
  if (query.sort === 'need') found.sort((one, other) => rank(one) - rank(other));
  const { after, limit = Infinity } = query;
  const rest = after ? found.filter((place) => comparePlaces(place, after) > 0) : found;
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    ids: page.map(({ id }) => id),
    matching: found.length,
    groups,
    next: last && rest.length > page.length ? (last.group === null ? last.id : `${last.group}:${last.id}`) : null,
  };
}

const rank = ({ group }: Place): number => (group === null ? 0 : SESSION_GROUPS.indexOf(group));

function comparePlaces(one: Place, other: Place): number {
  return rank(one) - rank(other) || compareOrganizationIds(one.id, other.id);
}

function searcher(search: string | undefined): (outline: SessionOutline) => boolean {
  if (search === undefined) return () => true;
  const text = search.toLowerCase();
  const digits = /^[\d\s+()-]+$/.test(text) ? text.replace(/\D/g, '') : '';
  const inPhone = (phone: string): boolean =>
    digits.length >= DIGITS_ANYWHERE ? phone.includes(digits) : digits !== '' && phone.endsWith(digits);
  return ({ organizationId, phoneNumber }) =>
    organizationId.toLowerCase().includes(text) || (phoneNumber !== null && inPhone(phoneNumber));
}

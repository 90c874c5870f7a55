import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import { shopFields, shopSession, shopVersion, type ShownVisit } from '../../answers/shop.js';
import { ACTION_ERRORS, MAX_POLL, pollWait, version } from '../../fields.js';
import { type Call, operation } from '../../operation.js';
import { visitOf } from '../../shop-visit.js';
import { untilChanged } from '../../until-changed.js';

/** Long polls at one time in this process; each is an open connection and a timer. */
const MAX_WAITING = 200;
/**
 * For how long a page that only waits keeps new QRs coming, ms. One left open over night must not use up the logins
 * of an hour; whoever looks at it again loads it, or asks without `since`.
 */
const QRS_GO_ON = 1_800_000;
/** Statuses in which asking starts a pairing (`Sessions.qr`). */
const WITHOUT_QR = new Set(['qr_required', 'logged_out', 'not_started']);

export const getShopSession = operation({
  method: 'get',
  path: '/api/shop/session',
  id: 'getShopSession',
  tag: 'Page',
  summary: 'The QR of the organization whose link was opened',
  about:
    'With `since` the answer comes when something has changed, at the latest after `wait_ms`. Once a phone was ' +
    'linked it tells that, and never a QR again.',
  scope: 'shop',
  query: z.strictObject({ since: version.optional(), wait_ms: pollWait.optional() }),
  answers: { 200: { about: 'The session as it is now.', json: shopSession } },
  errors: ['too_many_requests', ...ACTION_ERRORS],
}).handledBy((parts) => {
  const { sessions, ledger, now } = parts;
  const lastAsked = new LRUCache<string, number>({ max: 10_000 });
  let waiting = 0;

  /** Starts a pairing when the last QR ran out, for somebody who looks at the page. */
  async function keepQrsComing(visit: ShownVisit, { isLooking }: { isLooking: boolean }): Promise<void> {
    const { organizationId: id, snapshot, linkedAt } = visit;
    const asked = isLooking ? undefined : lastAsked.get(id);
    if (asked === undefined) lastAsked.set(id, now());
    if (linkedAt !== null || !snapshot || !WITHOUT_QR.has(snapshot.status)) return;
    if (now() - (asked ?? now()) < QRS_GO_ON) await sessions.qr(id, { waitMs: 0 });
  }

  /** Until it is no more what the visitor knows. Errors: 429 `too_many_requests`. */
  async function untilNews(visit: ShownVisit, since: string, wait: number, call: Call): Promise<void> {
    if (waiting >= MAX_WAITING) throw new ServiceError('too_many_requests', { retryAfterSeconds: 5 });
    waiting += 1;
    try {
      await untilChanged(
        {
          watch: (listener) => sessions.watch(visit.organizationId, listener),
          onEnd: (listener) => ledger.onEnd(listener),
        },
        call.response,
        async () => shopVersion(await visitOf(parts, call.request, call.response)) !== since,
        Math.min(wait, visit.expiresAt - now()),
      );
    } finally {
      waiting -= 1;
    }
  }

  return async ({ query: { since, wait_ms: wait = MAX_POLL } }, call) => {
    const fields = async () => shopFields(await visitOf(parts, call.request, call.response), call.context.sentences);
    const visit = await visitOf(parts, call.request, call.response);
    await keepQrsComing(visit, { isLooking: since === undefined });
    const first = await fields();
    if (since !== first.version || wait === 0 || first.linked) return { status: 200, json: first };
    await untilNews(visit, since, wait, call);
    return { status: 200, json: await fields() };
  };
});

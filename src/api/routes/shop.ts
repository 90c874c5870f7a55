import { type Request, type Response, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { ShopVisit } from '../../access/shop-links.js';
import type { Config } from '../../config.js';
import { ServiceError } from '../../errors.js';
import type { SessionSnapshot } from '../../session/session-view.js';
import { answerInTime } from '../answer-in-time.js';
import { readCookie, setCookie, SHOP_COOKIE } from '../cookies.js';
import { linkMinutes, MAX_POLL, organizationId, phone, pollWait, secret, version } from '../fields.js';
import { type RefuseGuess, secondsUntilReset } from '../guesses.js';
import type { HttpParts } from '../http-parts.js';
import { publicAddress, refuseOtherOrigins, requireOwnOrigin } from '../origin.js';
import { jsonBody, methodNotAllowed, readBody, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { isoTime } from '../answers/session.js';
import { shopFields, shopVersion } from '../answers/shop.js';
import { untilChanged } from '../until-changed.js';

const MINUTE = 60_000;
const DEFAULT_MINUTES = 60;
/** ms. A code is wanted in this answer: this long for the connection, and the rest of the time for the code. */
const PAIRING_CODE_WAIT = 6_000;
/** Pairing codes for one link in a minute: for a mistyped number or two. WhatsApp does not like to be asked more often. */
const CODES_PER_MINUTE = 5;
/** Long polls at one time in this process; each is an open connection and a timer. */
const MAX_WAITING = 200;
/**
 * For how long a page that only waits keeps new QRs coming, ms. One left open over night must not use up the logins of an hour; whoever
 * looks at it again loads it, or asks without `since`.
 */
const QRS_GO_ON = 1_800_000;
/** Statuses in which asking starts a pairing (`Sessions.qr`). */
const WITHOUT_QR = new Set(['qr_required', 'logged_out', 'not_started']);

export const shopLinkBody = z.strictObject({
  organization_id: organizationId,
  expires_in_minutes: linkMinutes.optional(),
});
export const openShopBody = z.strictObject({
  token: secret.meta({ description: 'What stands behind the `#` of the link.' }),
});
export const shopPairingBody = (defaultCountry: Config['DEFAULT_COUNTRY']) =>
  z.strictObject({ phone: phone(defaultCountry) });
export const shopQuery = z.strictObject({ since: version.optional(), wait_ms: pollWait.optional() });

/**
 * `POST /api/shop-links {organization_id, expires_in_minutes?}` -> 201 `{success, organization_id, url, expires_at}`: a link for the person who
 * holds the phone. Whoever opens it first sees that organization's QR, and nothing else. A session that is not under way is started.
 * Errors: 400, 409 `already_paired`, 503.
 */
export function shopLinkRoutes(parts: HttpParts): Router {
  const { config, sessions, access, logger } = parts;
  const router = Router();
  router
    .route('/api/shop-links')
    .post(jsonBody(parts), async (request, response) => {
      const asked = readBody(shopLinkBody, request, response);
      const { organization_id: id, expires_in_minutes: minutes = DEFAULT_MINUTES } = asked;
      const address = publicAddress(request, config);
      if (sessions.hasPhone(id)) {
        throw new ServiceError('already_paired', { status: sessions.snapshot(id)?.status });
      }
      await answerInTime(parts, contextOf(response), sessions.start(id));
      const { token, expiresAt } = await access.shopLinks.make(id, minutes * MINUTE);
      logger.info(
        { event: 'shop_link_made', org: `org_id_${id}`, minutes, request_id: contextOf(response).requestId },
        `A link for the shop was made; it is good for ${minutes} minutes.`,
      );
      response.status(201).json({
        success: true,
        organization_id: String(id),
        url: `${address}/shop#${token}`,
        expires_at: isoTime(expiresAt),
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}

/**
 * What somebody with a link for the shop can reach; no key opens more here, and the cookie opens nothing else.
 * - `POST /api/shop/open {token}` -> `{organization_id, expires_at}` and the cookie; uses the link up.
 * - `GET /api/shop/session?since=&wait_ms=` -> `{organization_id, status, sentence, qr, qr_expires_at, pairing_code, phone_number,
 *   linked, expires_at, version}`. With the `version` of the answer before as `since` it waits for a change, up to `wait_ms` (25 s).
 *   Once a phone was linked it tells that, and never again a QR.
 * - `POST /api/shop/pairing-code {phone}` -> `{organization_id, status, pairing_code, message, hint}`.
 * Errors: 404 `unknown_shop_link` (also without the cookie), 403 `cross_site_request`, 409 `already_paired`, 429 `too_many_requests`.
 */
export function openShopRoutes(parts: HttpParts, refuseGuess: RefuseGuess): Router {
  const { config, sessions, access, limits, ledger, logger, now } = parts;
  const { shopLinks } = access;
  const pairingBody = shopPairingBody(config.DEFAULT_COUNTRY);
  const lastAsked = new LRUCache<string, number>({ max: 10_000 });
  let waiting = 0;

  /** What the browser with this cookie may see. Notes that a phone was linked, should the event of it have been lost. */
  async function visitOf(
    request: Request,
    response: Response,
  ): Promise<ShopVisit & { snapshot: SessionSnapshot | null }> {
    const cookie = readCookie(request, SHOP_COOKIE);
    if (cookie === null) throw new ServiceError('unknown_shop_link');
    requireOwnOrigin(request, config);
    const visit = await shopLinks.visit(cookie);
    if (!visit) throw new ServiceError('unknown_shop_link');
    contextOf(response).organizationId = visit.organizationId;
    const snapshot = sessions.snapshot(visit.organizationId);
    if (visit.linkedAt === null && snapshot?.status === 'connected') {
      await shopLinks.phoneLinked(visit.organizationId, snapshot.phoneNumber);
      return { ...visit, linkedAt: now(), phoneNumber: snapshot.phoneNumber, snapshot };
    }
    return { ...visit, snapshot };
  }

  /** Starts a pairing when the last QR ran out, for somebody who looks at the page. */
  async function keepQrsComing(
    visit: Awaited<ReturnType<typeof visitOf>>,
    { isLooking }: { isLooking: boolean },
  ): Promise<void> {
    const { organizationId: id, snapshot, linkedAt } = visit;
    const asked = isLooking ? undefined : lastAsked.get(id);
    if (asked === undefined) lastAsked.set(id, now());
    if (linkedAt !== null || !snapshot || !WITHOUT_QR.has(snapshot.status)) return;
    if (now() - (asked ?? now()) < QRS_GO_ON) await sessions.qr(id, { waitMs: 0 });
  }

  async function answer(request: Request, response: Response): Promise<Awaited<ReturnType<typeof shopFields>>> {
    return shopFields(await visitOf(request, response), contextOf(response).sentences);
  }

  const countCodes = rateLimit({
    windowMs: MINUTE,
    limit: CODES_PER_MINUTE,
    keyGenerator: (_request, response) => contextOf(response).organizationId ?? '',
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler: (request, _response, next) =>
      next(new ServiceError('too_many_requests', { retryAfterSeconds: secondsUntilReset(request, Date.now()) })),
  });

  const router = Router();
  router
    .route('/api/shop/open')
    .post(jsonBody(parts, limits.openBodyBytes), async (request, response) => {
      refuseOtherOrigins(request, config);
      const { token } = readBody(openShopBody, request, response);
      const opened = (await shopLinks.open(token)) ?? (await refuseGuess(request, response, 'unknown_shop_link'));
      const { visitor, organizationId: id } = opened;
      contextOf(response).organizationId = id;
      logger.info(
        { event: 'shop_link_opened', org: `org_id_${id}`, request_id: contextOf(response).requestId },
        'A link for the shop was opened; it opens for nobody else.',
      );
      const { expiresAt } = visitor;
      setCookie(request, response, config, SHOP_COOKIE, visitor.token, { expiresAt, now: now() });
      response.json({ organization_id: String(id), expires_at: isoTime(expiresAt) });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/api/shop/session')
    .get(async (request, response) => {
      const visit = await visitOf(request, response);
      const { since, wait_ms: wait = MAX_POLL } = readQuery(shopQuery, request, response);
      await keepQrsComing(visit, { isLooking: since === undefined });
      let fields = await answer(request, response);
      if (since === fields.version && wait > 0 && !fields.linked) {
        if (waiting >= MAX_WAITING) throw new ServiceError('too_many_requests', { retryAfterSeconds: 5 });
        waiting += 1;
        try {
          await untilChanged(
            {
              watch: (listener) => sessions.watch(visit.organizationId, listener),
              onEnd: (listener) => ledger.onEnd(listener),
            },
            response,
            async () => shopVersion(await visitOf(request, response)) !== since,
            Math.min(wait, visit.expiresAt - now()),
          );
        } finally {
          waiting -= 1;
        }
        fields = await answer(request, response);
      }
      response.json(fields);
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/shop/pairing-code')
    .post(
      async (request, response, next) => {
        if ((await visitOf(request, response)).linkedAt !== null) throw new ServiceError('already_paired');
        next();
      },
      jsonBody(parts, limits.openBodyBytes),
      (request, response, next) => {
        // Before the count: a number that is none costs nobody a try.
        response.locals.phone = readBody(pairingBody, request, response).phone;
        void countCodes(request, response, next);
      },
      async (request, response) => {
        const { organizationId: id } = await visitOf(request, response);
        const { sentences } = contextOf(response);
        const started = sessions.start(id, {
          pairingPhone: response.locals.phone as string,
          waitMs: PAIRING_CODE_WAIT,
        });
        const { status, pairingCode } = await answerInTime(parts, contextOf(response), started);
        response.json({
          organization_id: String(id),
          status,
          pairing_code: pairingCode,
          message: pairingCode === null ? sentences.statuses[status].sentence : sentences.done.pairing_code,
          hint: pairingCode === null ? sentences.statuses[status].hint : sentences.done.type_the_code,
        });
      },
    )
    .all(methodNotAllowed('POST'));
  return router;
}

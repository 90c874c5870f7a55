import type { Request, RequestHandler, Response } from 'express';
import { ServiceError } from '../errors.js';
import type { ShownVisit } from './answers/shop.js';
import { readCookie, SHOP_COOKIE } from './cookies.js';
import type { HttpParts } from './http-parts.js';
import { requireOwnOrigin } from './origin.js';
import { contextOf } from './request-context.js';

/**
 * What the browser with the cookie of an opened link may see. Notes that a phone was linked, should the event of it
 * have been lost.
 * Errors: 404 `unknown_shop_link` (also without the cookie), 403 `cross_site_request`.
 */
export async function visitOf(
  { config, sessions, access: { shopLinks }, now }: HttpParts,
  request: Request,
  response: Response,
): Promise<ShownVisit> {
  const cookie = readCookie(request, SHOP_COOKIE);
  if (cookie === null) throw new ServiceError('unknown_shop_link');
  requireOwnOrigin(request, config);
  const visit = await shopLinks.visit(cookie);
  if (!visit) throw new ServiceError('unknown_shop_link');
  contextOf(response).organizationId = visit.organizationId;
  const snapshot = await sessions.find(visit.organizationId);
  if (visit.linkedAt === null && snapshot?.status === 'connected') {
    await shopLinks.phoneLinked(visit.organizationId, snapshot.phoneNumber);
    return { ...visit, linkedAt: now(), phoneNumber: snapshot.phoneNumber, snapshot };
  }
  return { ...visit, snapshot };
}

/** Lets a visitor pass. No key opens more here, and the cookie opens nothing else. Errors: as above */
export function requireShopVisit(parts: HttpParts): RequestHandler {
  return async (request, response, next) => {
    await visitOf(parts, request, response);
    next();
  };
}

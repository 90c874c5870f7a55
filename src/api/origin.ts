import type { Request } from 'express';
import type { Config } from '../config.js';
import { ServiceError } from '../errors.js';

/**
 * Where browsers find this service; asked of the request, and of `PUBLIC_URL`, for a proxy in front may change what
 * arrives here.
 */
type Address = Pick<Config, 'PUBLIC_URL'>;

/** A name or an address with or without a port; whatever else stands in a Host header gets into no link. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** The page that asks, as the browser names it: `https://wa.example.com`. Null when it names none, or hides it. */
function originOf(request: Request): URL | null {
  const origin = request.get('origin');
  if (origin === undefined || !/^https?:\/\//.test(origin) || !URL.canParse(origin)) return null;
  return new URL(origin);
}

function isOurs(origin: URL | null, request: Request, { PUBLIC_URL }: Address): boolean {
  if (origin === null) return false;
  return origin.origin === PUBLIC_URL || origin.host === request.get('host')?.toLowerCase();
}

/**
 * For requests that a cookie lets in: holds them to have been made by one of our own pages. What only reads must not
 * come from another site or origin, as far as the browser tells (SameSite=Strict keeps the cookie away from those
 * anyhow; old browsers, and all over plain http, tell nothing). What changes something must be proved:
 * `Sec-Fetch-Site: same-origin`, or an `Origin` that is this host or `PUBLIC_URL`.
 * Errors: 403 `cross_site_request`
 */
export function requireOwnOrigin(request: Request, address: Address): void {
  const site = request.get('sec-fetch-site');
  const reading = request.method === 'GET' || request.method === 'HEAD';
  const proved =
    site === undefined
      ? isOurs(originOf(request), request, address) || (reading && request.get('origin') === undefined)
      : // "none": the person typed the address, or opened a bookmark.
        site === 'same-origin' || (reading && site === 'none');
  if (!proved) throw new ServiceError('cross_site_request');
}

/**
 * For requests that no cookie lets in, but that set one: whoever is no browser says nothing of origins. Errors: as
 * above
 */
export function refuseOtherOrigins(request: Request, address: Address): void {
  if (request.get('sec-fetch-site') === undefined && request.get('origin') === undefined) return;
  requireOwnOrigin(request, address);
}

/**
 * Whether the browser came over https. It says so itself in `Origin`, with whatever proxies between; without one, the
 * proxy or `PUBLIC_URL` may. Nobody gains by lying here: it only decides whether the liar's own cookie is marked
 * Secure.
 */
export function isOverHttps(request: Request, { PUBLIC_URL }: Address): boolean {
  const origin = originOf(request);
  if (origin !== null) return origin.protocol === 'https:';
  return /^https\b/i.test(request.get('x-forwarded-proto') ?? '') || (PUBLIC_URL?.startsWith('https:') ?? false);
}

/**
 * What links begin with, without a slash at the end: `PUBLIC_URL`; else the origin of our own page that asks; else
 * http and the host that was asked.
 */
export function publicAddress(request: Request, address: Address): string {
  if (address.PUBLIC_URL !== undefined) return address.PUBLIC_URL;
  const origin = originOf(request);
  if (isOurs(origin, request, address) || request.get('sec-fetch-site') === 'same-origin') {
    if (origin) return origin.origin;
  }
  const host = request.get('host') ?? '';
  if (!HOST.test(host)) throw new ServiceError('invalid_request', { fields: { host: 'host' } });
  return `http://${host}`;
}

import { parse } from 'cookie';
import type { Request, Response } from 'express';
import type { Config } from '../config.js';
import { isOverHttps } from './origin.js';

/** Of a browser that signed in to the operator's page. */
export const SIGN_IN_COOKIE = 'whatsapp_server_session';
/** Of a browser that opened a link for the shop. */
export const SHOP_COOKIE = 'whatsapp_server_shop';

/** Where a cookie is sent. */
const PATHS = { [SIGN_IN_COOKIE]: '/', [SHOP_COOKIE]: '/api/shop' } as const;
type CookieName = keyof typeof PATHS;

/** The first cookie of this name. */
export function readCookie(request: Request, name: CookieName): string | null {
  return parse(request.headers.cookie ?? '')[name] ?? null;
}

/** Out of reach of scripts and of other sites' pages; over https never without it. */
export function setCookie(
  request: Request,
  response: Response,
  config: Pick<Config, 'PUBLIC_URL'>,
  name: CookieName,
  value: string,
  { expiresAt, now }: { expiresAt: number; now: number },
): void {
  response.cookie(name, value, { ...attributes(request, config, name), maxAge: Math.max(0, expiresAt - now) });
}

export function clearCookie(
  request: Request,
  response: Response,
  config: Pick<Config, 'PUBLIC_URL'>,
  name: CookieName,
): void {
  response.clearCookie(name, attributes(request, config, name));
}

function attributes(request: Request, config: Pick<Config, 'PUBLIC_URL'>, name: CookieName) {
  return { httpOnly: true, sameSite: 'strict', path: PATHS[name], secure: isOverHttps(request, config) } as const;
}

import { z } from 'zod';
import type { Config } from '../../config.js';
import type { ErrorCode } from '../../errors.js';
import { chartsQuery } from '../routes/charts.js';
import { openShopBody, shopLinkBody, shopPairingBody, shopQuery } from '../routes/shop.js';
import { nothing, signInBody } from '../routes/sign-in.js';
import type { Operation } from './operations.js';

/** Actions of one organization queue behind each other, wait for WhatsApp, and move its folder. */
const ACTION: readonly ErrorCode[] = ['whatsapp_unavailable', 'shutting_down', 'auth_folder_unreadable'];
const text = z.string();

/** What the operator's page and the shop's page are made of; programs may use it as well. */
export function pageOperations(defaultCountry: Config['DEFAULT_COUNTRY']): readonly Operation[] {
  const cookie = { 'Set-Cookie': 'HttpOnly, SameSite=Strict; Secure over https.' };
  const guessed: readonly ErrorCode[] = ['cross_site_request', 'too_many_requests', 'storage_unavailable'];
  return [
    {
      method: 'post',
      path: '/api/sign-in',
      id: 'signIn',
      tag: 'Page',
      summary: 'Sign a browser in',
      about:
        'With the API key, or with the token of a signed-in link, which is good once. The cookie stands for the key for 12 hours. What a cookie lets in and changes something must come from a page of this service: `Sec-Fetch-Site: same-origin`, or an `Origin` that is the host asked.',
      open: true,
      body: signInBody,
      answers: { 200: { about: 'Signed in.', json: 'SignedIn', headers: cookie } },
      errors: ['wrong_api_key', 'unknown_sign_in_link', ...guessed],
    },
    {
      method: 'get',
      path: '/api/sign-in',
      id: 'getSignIn',
      tag: 'Page',
      summary: 'Whether this browser is signed in',
      open: true,
      answers: { 200: { about: 'Whether, and until when.', json: 'SignInState' } },
    },
    {
      method: 'post',
      path: '/api/sign-out',
      id: 'signOut',
      tag: 'Page',
      summary: 'End the sign-in of this browser',
      open: true,
      body: nothing,
      answers: { 200: { about: 'Signed out.', json: 'Success' } },
      errors: ['cross_site_request', 'storage_unavailable'],
    },
    {
      method: 'post',
      path: '/api/sign-in-links',
      id: 'makeSignInLink',
      tag: 'Page',
      summary: 'Make a link that signs a browser in',
      about: 'Good once, for ten minutes. The token stands behind the `#`, so no log and no proxy sees it.',
      body: nothing,
      answers: { 201: { about: 'The link.', json: 'SignInLink' } },
    },
    {
      method: 'post',
      path: '/api/shop-links',
      id: 'makeShopLink',
      tag: 'Page',
      summary: 'Make a link for the person who holds the phone',
      about:
        "Whoever opens it first sees this organization's QR, until a phone was linked or the time is over, and reaches nothing else. A session that is not under way is started.",
      body: shopLinkBody,
      answers: { 201: { about: 'The link.', json: 'ShopLink' } },
      errors: ['already_paired', ...ACTION],
    },
    {
      method: 'post',
      path: '/api/shop/open',
      id: 'openShopLink',
      tag: 'Page',
      summary: 'Open a link for the shop',
      about: 'Uses the link up: the cookie takes its place.',
      open: true,
      body: openShopBody,
      answers: { 200: { about: 'Opened.', json: 'OpenedShop', headers: cookie } },
      errors: ['unknown_shop_link', ...guessed],
    },
    {
      method: 'get',
      path: '/api/shop/session',
      id: 'getShopSession',
      tag: 'Page',
      summary: 'The QR of the organization whose link was opened',
      about:
        'With `since` the answer comes when something has changed, at the latest after `wait_ms`. Once a phone was linked it tells that, and never a QR again.',
      open: 'shop',
      query: shopQuery,
      answers: { 200: { about: 'The session as it is now.', json: 'ShopSession' } },
      errors: ['too_many_requests', ...ACTION],
    },
    {
      method: 'post',
      path: '/api/shop/pairing-code',
      id: 'getShopPairingCode',
      tag: 'Page',
      summary: 'A code to type on the phone, instead of the QR',
      open: 'shop',
      body: shopPairingBody(defaultCountry),
      answers: { 200: { about: 'The code, or null when a phone was linked meanwhile.', json: 'ShopPairingCode' } },
      errors: ['invalid_phone', 'already_paired', 'too_many_requests', ...ACTION],
    },
    {
      method: 'get',
      path: '/api/charts',
      id: 'getCharts',
      tag: 'Page',
      summary: 'Messages and faults over time',
      about:
        'By default the last 24 hours in 48 parts, of all organizations. Events are kept in a bounded number: what is before `complete_from` is too little, and so are messages before `messages_complete_from`.',
      query: chartsQuery,
      answers: { 200: { about: 'A count for each part of the span.', json: 'Charts' } },
      errors: ['whatsapp_unavailable', 'shutting_down'],
    },
    {
      method: 'get',
      path: '/api/service',
      id: 'getService',
      tag: 'Page',
      summary: 'Which service this is',
      answers: { 200: { about: 'The service.', json: 'Service' } },
    },
    ...(['/', '/shop'] as const).map((path): Operation => ({
      method: 'get',
      path,
      id: path === '/' ? 'page' : 'shopPage',
      tag: 'Page',
      summary: path === '/' ? "The operator's page" : "The shop's page",
      open: true,
      answers: { 200: { about: 'The page; it loads nothing from elsewhere.', other: { 'text/html': text } } },
      errors: ['page_not_built'],
    })),
    {
      method: 'get',
      path: '/assets/:name',
      id: 'pageAsset',
      tag: 'Page',
      summary: 'What the pages are made of',
      open: true,
      answers: { 200: { about: 'The file; a name has one content for ever.', other: { 'text/javascript': text } } },
      errors: ['not_found', 'page_not_built'],
    },
  ];
}

import { computed, signal } from '@preact/signals';

export const TABS = ['overview', 'messages', 'history', 'charts', 'keys'] as const;
export type Tab = (typeof TABS)[number];

export type Route = { view: 'organizations' } | { view: 'organization'; id: string; tab: Tab } | { view: 'webhooks' };

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/**
 * Where the page is: the part of the address after `#`, so that back, forward and bookmarks work and the service sees
 * nothing of it.
 */
export const route = computed<Route>(() => {
  const [, first, id, tab] = hash.value.split('/');
  if (first === 'organizations' && id) {
    return { view: 'organization', id: decoded(id), tab: TABS.find((one) => one === tab) ?? 'overview' };
  }
  return first === 'webhooks' ? { view: 'webhooks' } : { view: 'organizations' };
});

export function organizationAddress(id: string, tab: Tab = 'overview'): string {
  return `#/organizations/${encodeURIComponent(id)}${tab === 'overview' ? '' : `/${tab}`}`;
}

export function goTo(address: string): void {
  location.hash = address;
}

/**
 * The token of a sign-in link (`/#sign-in=…`), which leaves the address bar and the history at once; null without one.
 */
export function takeToken(prefix: string): string | null {
  if (!location.hash.startsWith(prefix)) return null;
  const token = decoded(location.hash.slice(prefix.length));
  history.replaceState(null, '', location.pathname);
  hash.value = '';
  return token;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

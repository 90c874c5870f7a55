import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { started } from '../live/stream.js';
import { route } from '../route.js';
import { call, ServiceFault, signedIn } from '../service.js';
import { words } from '../settings.js';
import { Icon } from '../parts/icon.js';
import { LanguageButton, ThemeButton } from '../parts/tools.js';

/** Whether this service has webhooks; null until it was asked. */
const hasWebhooks = signal<boolean | null>(null);

async function askForWebhooks(): Promise<void> {
  try {
    await call('GET /api/webhooks', {});
    hasWebhooks.value = true;
  } catch (error) {
    hasWebhooks.value = error instanceof ServiceFault && error.status === 404 ? false : null;
  }
}

export function Header() {
  const { header, name } = words.value;
  const inside = signedIn.value === true;
  const ready = started.value;
  useEffect(() => {
    if (ready && hasWebhooks.value === null) void askForWebhooks();
  }, [ready]);

  return (
    <header class="top">
      <div class="top-inner">
        <a class="brand" href="#/">
          <span class="brand-mark">
            <Icon name="message" />
          </span>
          <span>{name}</span>
        </a>
        {inside && hasWebhooks.value === true && (
          <nav class="nav" aria-label={header.navigation}>
            <a href="#/" aria-current={route.value.view === 'webhooks' ? undefined : 'page'}>
              {header.organizations}
            </a>
            <a href="#/webhooks" aria-current={route.value.view === 'webhooks' ? 'page' : undefined}>
              {header.webhooks}
            </a>
          </nav>
        )}
        <div class="tools">
          <LanguageButton />
          <ThemeButton />
          {inside && (
            <button
              type="button"
              class="tool"
              aria-label={header.signOut}
              title={header.signOut}
              onClick={() => void signOut()}
            >
              <Icon name="out" />
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

async function signOut(): Promise<void> {
  try {
    await call('POST /api/sign-out', { body: {} });
    signedIn.value = false;
  } catch {
    // The bar says that the service does not answer; the cookie is still there, so nobody is told that it is not.
  }
}

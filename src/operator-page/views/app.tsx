import { useEffect, useRef } from 'preact/hooks';
import { live, started } from '../live/stream.js';
import { useLoaded } from '../live/use-loaded.js';
import { route } from '../route.js';
import { call, reachable, signedIn } from '../service.js';
import { words } from '../settings.js';
import { Loading } from '../parts/parts.js';
import { Icon } from '../parts/icon.js';
import { Header } from './header.js';
import { OrganizationsView } from './organizations.js';
import { OrganizationView } from './organization.js';
import { SignInView } from './sign-in.js';
import { WebhooksView } from './webhooks.js';

/** The whole page: its frame, and the one view that the address names. */
export function App() {
  const main = useRef<HTMLElement>(null);
  const shown = route.value;
  const place = JSON.stringify(shown);
  const before = useRef(place);

  // Whoever cannot see the page change hears it: the focus goes to the new heading.
  useEffect(() => {
    if (before.current === place) return;
    const isSameOrganization =
      organizationOf(before.current) !== null && organizationOf(before.current) === organizationOf(place);
    before.current = place;
    if (isSameOrganization) return;
    scrollTo(0, 0);
    main.current?.querySelector<HTMLElement>('h1')?.focus();
  }, [place]);

  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {words.value.skip}
      </button>
      <Header />
      <ConnectionBar />
      <main ref={main} tabIndex={-1} class="main">
        {signedIn.value === null && <Loading />}
        {signedIn.value === false && <SignInView />}
        {signedIn.value === true && (started.value ? <CurrentView /> : <Loading />)}
      </main>
      {signedIn.value === true && started.value && <Footer />}
    </>
  );
}

function CurrentView() {
  const shown = route.value;
  switch (shown.view) {
    case 'organizations':
      return <OrganizationsView />;
    case 'organization':
      return <OrganizationView key={shown.id} id={shown.id} tab={shown.tab} />;
    case 'webhooks':
      return <WebhooksView />;
  }
}

function organizationOf(place: string): string | null {
  return (JSON.parse(place) as { id?: string }).id ?? null;
}

function Footer() {
  const { footer, name } = words.value;
  const { data } = useLoaded('service', (end) => call('GET /api/service', {}, { signal: end }));
  return (
    <footer class="footer">
      <p>
        {name}
        {data && ` · ${footer.version(data.version)}`} · <a href="/docs">{footer.docs}</a>
      </p>
    </footer>
  );
}

/** Says when what is shown no longer follows the service. */
function ConnectionBar() {
  const lost = signedIn.value === true && !(live.value && reachable.value);
  return (
    <div role="status" class="bar-place">
      {lost && (
        <p class="bar">
          <Icon name="unplugged" />
          <span>{words.value.connection.lost}</span>
        </p>
      )}
    </div>
  );
}

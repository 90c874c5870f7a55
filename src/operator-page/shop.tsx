import { signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import './style/page.css';
import type { ShopSession } from './answers.js';
import { formatMoment } from './format.js';
import { useAction } from './live/use-action.js';
import { call, reachable, ServiceFault } from './service.js';
import { words } from './settings.js';
import { Icon } from './parts/icon.js';
import { Button, Fault, Field, Loading, Panel } from './parts/parts.js';
import { PairingCode, QrPicture, ScanSteps } from './parts/qr.js';
import { LanguageButton, ThemeButton } from './parts/tools.js';

/** ms that one question waits for a change; the service's own limit. And what the network may take beyond. */
const POLL = 25_000;
const GRACE = 10_000;
/** ms before the service is asked again after it did not answer; doubled each time, up to the second. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;

const session = signal<ShopSession | null>(null);
const refusal = signal<ServiceFault | 'no link' | null>(null);

/** Opens the link, once: its token leaves the address bar at once, and a cookie takes its place. */
async function open(): Promise<void> {
  const token = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  try {
    if (token !== '') await call('POST /api/shop/open', { body: { token } });
  } catch (error) {
    refusal.value = error instanceof ServiceFault ? error : null;
    return;
  }
  await follow(token === '');
}

/** Shows the session as it changes, until a phone is linked or the link's time is over. */
async function follow(isReturn: boolean): Promise<void> {
  let wait = FIRST_WAIT;
  for (;;) {
    try {
      // The first question is answered at once; each further one when something has changed.
      const since = session.value?.version;
      const query = since === undefined ? {} : { since, wait_ms: POLL };
      session.value = await call('GET /api/shop/session', { query }, { within: POLL + GRACE });
      wait = FIRST_WAIT;
      if (session.value.linked) return;
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      if (error.status === 404) {
        refusal.value = isReturn && session.value === null ? 'no link' : error;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  }
}

function ShopPage() {
  const { shop: say, name } = words.value;
  useEffect(() => {
    document.title = `${say.title} · ${name}`;
  }, [say, name]);
  return (
    <>
      <header class="top">
        <div class="top-inner">
          <span class="brand">
            <span class="brand-mark">
              <Icon name="message" />
            </span>
            <span>{name}</span>
          </span>
          <div class="tools">
            <LanguageButton />
            <ThemeButton />
          </div>
        </div>
      </header>
      <div role="status" class="bar-place">
        {!reachable.value && (
          <p class="bar">
            <Icon name="unplugged" />
            <span>{words.value.connection.lost}</span>
          </p>
        )}
      </div>
      <main class="main narrow">
        <h1>{say.title}</h1>
        <Content />
      </main>
    </>
  );
}

function Content() {
  const { shop: say } = words.value;
  const why = refusal.value;
  if (why === 'no link') return <p class="notice">{say.noLink}</p>;
  if (why) {
    const isUsed = why.status === 404;
    return (
      <div class="notice" role="alert">
        <p>
          <strong>{isUsed ? say.used : why.sentence}</strong>
        </p>
        <p>{isUsed ? say.usedHint : why.hint}</p>
      </div>
    );
  }
  const shown = session.value;
  if (!shown) return <Loading />;
  if (shown.linked) {
    return (
      <div class="panel panel-call shop-done" role="status">
        <span class="shop-done-mark">
          <Icon name="check" />
        </span>
        <h2>{say.done}</h2>
        <p>{say.doneAbout(shown.phone_number ?? '')}</p>
      </div>
    );
  }
  return <ToScan shown={shown} />;
}

function ToScan({ shown }: { shown: ShopSession & { expires_at?: string } }) {
  const { shop: say, qr } = words.value;
  const isScanned = shown.qr === null && shown.status === 'connecting';
  return (
    <>
      <p>{say.intro(shown.organization_id)}</p>
      <Panel title={qr.title} kind="call">
        <div class="linking">
          <div class="linking-picture">
            <QrPicture qr={shown.qr} expires={shown.qr_expires_at} />
            <p role="status" class="quiet">
              {isScanned ? say.connecting : ''}
            </p>
          </div>
          <div class="linking-words">
            <ScanSteps />
            <p class="quiet">{qr.live}</p>
          </div>
        </div>
      </Panel>
      <CodePanel shown={shown} />
      {shown.expires_at && <p class="quiet shop-until">{say.until(formatMoment(shown.expires_at))}</p>}
    </>
  );
}

function CodePanel({ shown }: { shown: ShopSession }) {
  const { shop: say, qr } = words.value;
  const [phone, setPhone] = useState('');
  const action = useAction<{ pairing_code: string | null }>();
  return (
    <Panel title={qr.codeTitle}>
      <p>{say.onePhone}</p>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(() => call('POST /api/shop/pairing-code', { body: { phone } }));
        }}
      >
        <Field
          label={qr.codePhone}
          value={phone}
          onValue={setPhone}
          fault={action.fault?.about('phone')}
          input={{ type: 'tel', inputMode: 'tel', required: true, placeholder: '573001112233' }}
        />
        <Button type="submit" busy={action.busy}>
          {qr.codeSubmit}
        </Button>
      </form>
      <Fault fault={action.fault} marked={['phone']} />
      <PairingCode code={action.answer?.pairing_code ?? shown.pairing_code ?? undefined} />
    </Panel>
  );
}

const place = document.getElementById('page');
if (place) render(<ShopPage />, place);
void open();

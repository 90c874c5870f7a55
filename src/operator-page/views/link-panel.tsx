import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionStatus } from '../answers.js';
import { useAction } from '../live/use-action.js';
import { useLoaded } from '../live/use-loaded.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Button, Fault, Field, Panel } from '../parts/parts.js';
import { Icon } from '../parts/icon.js';
import { PairingCode, QrPicture, ScanSteps } from '../parts/qr.js';
import { ShopLink } from './shop-link.js';

/**
 * ms for which new QRs are asked for by themselves: somebody is there, or has walked away; a pairing that nobody scans
 * is a login at WhatsApp each time.
 */
const RENEW_FOR = 10 * 60_000;

interface LinkPanelProps {
  session: SessionStatus;
  isLinking: boolean;
  reload: () => void;
}

/** From the QR to "connected"; stays in place after the scan, to say so. */
export function LinkPanel({ session, isLinking, reload }: LinkPanelProps) {
  const { qr } = words.value;
  const wasLinking = useRef(false);
  if (isLinking) wasLinking.current = true;
  const { status, phone_number: phone } = session;

  if (isLinking) return <Linking session={session} reload={reload} />;
  if (status === 'connected' && wasLinking.current) {
    return (
      <Panel title={qr.connectedTitle} kind="call">
        <p class="linked" role="status">
          <Icon name="check" />
          {qr.connected(phone ?? '')}
        </p>
      </Panel>
    );
  }
  return null;
}

function Linking({ session, reload }: { session: SessionStatus; reload: () => void }) {
  const { qr: say } = words.value;
  const { organization_id: id, status } = session;
  const openedAt = useRef(Date.now());
  const [asked, setAsked] = useState(0);
  const {
    data,
    fault,
    reload: askQr,
  } = useLoaded(
    `qr ${id} ${asked}`,
    (end) => call('GET /api/qr/:organization_id', { params: { organization_id: id } }, { signal: end }),
    (event) =>
      event.organization_id === id && (event.name === 'session.qr' || event.name === 'session.cleaned') && 'now',
  );
  const ranOut = status === 'qr_required';
  const renews = Date.now() - openedAt.current < RENEW_FOR && document.visibilityState === 'visible';

  // Asking for the QR makes a new one.
  useEffect(() => {
    if (ranOut && renews) askQr();
  }, [ranOut]);

  const expires = data?.qr_expires_at ?? session.qr_expires_at ?? null;
  return (
    <Panel title={say.title} kind="call">
      <div class="linking">
        <div class="linking-picture">
          {ranOut && !renews ? (
            <div class="qr-place qr-empty">
              <p>{say.ranOut}</p>
              <Button
                kind="primary"
                icon="scan"
                onClick={() => {
                  openedAt.current = Date.now();
                  setAsked(asked + 1);
                  reload();
                }}
              >
                {say.another}
              </Button>
            </div>
          ) : (
            <QrPicture qr={status === 'qr_ready' ? (data?.qr ?? null) : null} expires={expires} />
          )}
          <Fault fault={fault} onRetry={askQr} />
        </div>
        <div class="linking-words">
          <ScanSteps />
          <p class="quiet">{say.live}</p>
        </div>
      </div>
      <CodeInstead id={id} />
      <ShopLink id={id} />
    </Panel>
  );
}

function CodeInstead({ id }: { id: string }) {
  const { qr: say } = words.value;
  const [phone, setPhone] = useState('');
  const action = useAction<{ pairing_code?: string | null }>();
  const code = action.answer?.pairing_code;
  return (
    <details class="more">
      <summary>
        <Icon name="key" /> {say.codeTitle}
      </summary>
      <p>{say.codeAbout}</p>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(() =>
            call('POST /api/start-session', { body: { organization_id: id, pairing_phone: phone } }),
          );
        }}
      >
        <Field
          label={say.codePhone}
          value={phone}
          onValue={setPhone}
          fault={action.fault?.about('pairing_phone')}
          input={{ type: 'tel', required: true, inputMode: 'tel', placeholder: '573001112233' }}
        />
        <Button type="submit" busy={action.busy}>
          {say.codeSubmit}
        </Button>
      </form>
      <Fault fault={action.fault} marked={['pairing_phone']} />
      <PairingCode code={code} />
    </details>
  );
}

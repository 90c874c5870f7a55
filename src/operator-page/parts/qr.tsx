import { now } from '../format.js';
import { words } from '../settings.js';

/** The QR, always dark on light, whatever the page's colours: cameras expect it so. */
export function QrPicture({ qr, expires }: { qr: string | null; expires: string | null }) {
  const { qr: say } = words.value;
  return (
    <>
      <div class={qr ? 'qr-place' : 'qr-place qr-empty'}>
        {qr ? (
          <img class="qr" src={qr} alt={say.picture} width="320" height="320" />
        ) : (
          <p role="status">
            <span class="spinner" aria-hidden="true" /> {say.making}
          </p>
        )}
      </div>
      {qr && expires && <Countdown expires={expires} />}
    </>
  );
}

/** Seconds until the next code. Not read out: a number that changes every second would drown everything else. */
function Countdown({ expires }: { expires: string }) {
  const { qr: say } = words.value;
  const seconds = Math.ceil((new Date(expires).getTime() - now.value) / 1000);
  return (
    <p class="countdown">
      <svg class="gauge gauge-time" viewBox="0 0 60 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="gauge-rest" width="60" height="4" />
        <rect class="gauge-value" width={Math.max(0, Math.min(60, seconds))} height="4" />
      </svg>
      {seconds > 0 ? say.newIn(seconds) : say.newSoon}
    </p>
  );
}

export function ScanSteps() {
  const { qr: say } = words.value;
  return (
    <>
      <h3>{say.stepsTitle}</h3>
      <ol class="steps">
        {say.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </>
  );
}

/**
 * The eight characters in two groups, as WhatsApp shows them; null when there were none in time, undefined before
 * anybody asked.
 */
export function PairingCode({ code }: { code: string | null | undefined }) {
  const { qr: say } = words.value;
  return (
    <div role="status">
      {code === null && (
        <p class="notice">
          {say.codeNone} {say.codeNoneHint}
        </p>
      )}
      {code && (
        <div class="pairing-code">
          <p>{say.codeIs}</p>
          <p class="code" aria-label={[...code].join(' ')}>
            {code.slice(0, 4)}-{code.slice(4)}
          </p>
          <ol class="steps">
            {say.codeSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}

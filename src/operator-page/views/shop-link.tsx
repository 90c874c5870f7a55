import { useState } from 'preact/hooks';
import { formatMoment } from '../format.js';
import { useAction } from '../live/use-action.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Icon } from '../parts/icon.js';
import { Button, Copyable, Fault, Select } from '../parts/parts.js';

const MINUTES = ['15', '60', '1440'] as const;

/** A link for the person who holds the phone: opens once, shows only this organization's QR. */
export function ShopLink({ id }: { id: string }) {
  const { shopLink: say } = words.value;
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>('60');
  const action = useAction<{ url: string; expires_at: string }>();
  const link = action.answer;
  const make = (): void =>
    void action.run(() =>
      call('POST /api/shop-links', { body: { organization_id: id, expires_in_minutes: Number(minutes) } }),
    );

  return (
    <details class="more">
      <summary>
        <Icon name="link" /> {say.title}
      </summary>
      <p>{say.about}</p>
      <div class="inline-form">
        <Select
          label={say.minutes}
          value={minutes}
          options={MINUTES.map((one) => [one, say.choices[Number(one)] ?? one] as const)}
          onValue={setMinutes}
        />
        <Button icon="link" busy={action.busy} onClick={make}>
          {say.submit}
        </Button>
      </div>
      <Fault fault={action.fault} />
      {link && (
        <div class="made-link">
          <Copyable label={say.link} value={link.url} />
          <p class="quiet" role="status">
            {say.until(formatMoment(link.expires_at))}
          </p>
          {'share' in navigator && (
            <Button icon="send" onClick={() => void share(say.shareText, link.url)}>
              {say.share}
            </Button>
          )}
        </div>
      )}
    </details>
  );
}

async function share(text: string, url: string): Promise<void> {
  try {
    await navigator.share({ text, url });
  } catch {
    // The person closed the list of apps; the link is still there to be copied.
  }
}

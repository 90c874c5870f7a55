import { useEffect, useState } from 'preact/hooks';
import type { ServiceEvent } from '../answers.js';
import { useAction } from '../live/use-action.js';
import { useLoaded, WITHOUT_EVENTS } from '../live/use-loaded.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Dialog } from '../parts/confirm.js';
import { Button, Copyable, Fault, Field, Loading, Panel } from '../parts/parts.js';
import { WebhookPanel } from './webhook-panel.js';

/** Who is told of events, and how that goes. */
export function WebhooksView() {
  const { webhooks: say, name } = words.value;
  const [isNew, setIsNew] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const { data, fault, reload } = useLoaded(
    'webhooks',
    (end) => call('GET /api/webhooks', {}, { signal: end }),
    undefined,
    WITHOUT_EVENTS,
  );
  useEffect(() => {
    document.title = `${say.title} · ${name}`;
  }, [say, name]);

  return (
    <>
      <div class="head-row">
        <h1 tabIndex={-1}>{say.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setIsNew(true)}>
          {say.add}
        </Button>
      </div>
      <p>{say.about}</p>
      <Fault fault={fault} onRetry={reload} />
      {!data && !fault && <Loading />}
      {secret !== null && (
        <Panel title={say.secretTitle} kind="call">
          <p>{say.secretAbout}</p>
          <Copyable label={say.secret} value={secret} />
        </Panel>
      )}
      {data?.webhooks.length === 0 && (
        <div class="empty">
          <p>{say.empty}</p>
        </div>
      )}
      {data?.webhooks.map((webhook) => (
        <WebhookPanel key={webhook.webhook_id} webhook={webhook} reload={reload} />
      ))}
      {isNew && (
        <NewWebhook
          onClose={() => setIsNew(false)}
          onMade={(made) => {
            setIsNew(false);
            setSecret(made);
            reload();
          }}
        />
      )}
    </>
  );
}

function NewWebhook({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { webhooks: say, cancel } = words.value;
  const [url, setUrl] = useState('');
  const [organization, setOrganization] = useState('');
  const [types, setTypes] = useState('');
  const action = useAction<{ secret: string }>();
  const submit = async (): Promise<void> => {
    const names = types.split(/[\s,]+/).filter((type) => type !== '');
    const id = organization.trim();
    const made = await action.run(() =>
      call('POST /api/webhooks', {
        body: {
          url: url.trim(),
          ...(id !== '' && { organization_id: id }),
          ...(names.length > 0 && { event_types: names as ServiceEvent['name'][] }),
        },
      }),
    );
    if (made) onMade(made.secret);
  };
  return (
    <Dialog title={say.add} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label={say.url}
          value={url}
          onValue={setUrl}
          fault={action.fault?.about('url')}
          input={{ type: 'url', required: true, autofocus: true, inputMode: 'url' }}
        />
        <Field
          label={say.organization}
          help={say.organizationHelp}
          fault={action.fault?.about('organization_id')}
          value={organization}
          onValue={setOrganization}
        />
        <Field
          label={say.types}
          help={say.typesHelp}
          fault={action.fault?.about('event_types')}
          value={types}
          onValue={setTypes}
        />
        <Fault fault={action.fault} marked={['url', 'organization_id', 'event_types']} />
        <div class="buttons buttons-end">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={action.busy}>
            {say.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

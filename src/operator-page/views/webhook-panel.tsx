import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { BodyOf } from '../../api/contract.js';
import type { Webhook, WebhookTest } from '../answers.js';
import { formatMoment, formatNumber } from '../format.js';
import { useAction } from '../live/use-action.js';
import { useLoaded } from '../live/use-loaded.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { Button, Done, Fault, Loading, Panel, Time } from '../parts/parts.js';

/** Deliveries that were given up and are listed; the rest is sent again with one click. */
const PARKED_SHOWN = 50;

/** One webhook: how it goes, and everything that can be done with it. */
export function WebhookPanel({ webhook, reload }: { webhook: Webhook; reload: () => void }) {
  const { webhooks: say, confirm } = words.value;
  const [removing, setRemoving] = useState(false);
  const test = useAction<WebhookTest>();
  const action = useAction<{ message: string }>();
  const params = { webhook_id: webhook.webhook_id };
  const body = { enabled: !webhook.enabled };
  const act = async (work: () => Promise<{ message: string }>): Promise<void> => {
    test.clear();
    if (await action.run(work)) setRemoving(false);
    reload();
  };

  return (
    <Panel title={say.of(webhook.url)} beside={<Health webhook={webhook} />}>
      {webhook.disabled_reason === 'gone' && <p class="notice">{say.gone}</p>}
      <Facts webhook={webhook} />
      <div class="buttons">
        <Button
          icon="send"
          busy={test.busy}
          onClick={() => {
            action.clear();
            void test.run(() => call('POST /api/webhooks/:webhook_id/test', { params }));
          }}
        >
          {say.test}
        </Button>
        <Button
          icon={webhook.enabled ? 'pause' : 'play'}
          onClick={() => void act(() => call('PATCH /api/webhooks/:webhook_id', { params, body }))}
        >
          {webhook.enabled ? say.disable : say.enable}
        </Button>
        <Button kind="danger" icon="cross" onClick={() => setRemoving(true)}>
          {say.remove}…
        </Button>
      </div>
      <Fault fault={test.fault ?? action.fault} />
      <Outcome test={test.answer} done={action.answer?.message} />
      {webhook.parked > 0 && <Parked webhook={webhook} act={act} busy={action.busy} />}
      {removing && (
        <Confirm
          title={confirm.webhook.title}
          effects={confirm.webhook.effects}
          submit={confirm.webhook.submit}
          id={null}
          busy={action.busy}
          fault={action.fault}
          onConfirm={() => void act(() => call('DELETE /api/webhooks/:webhook_id', { params }))}
          onClose={() => setRemoving(false)}
        >
          <p>
            <code>{webhook.url}</code>
          </p>
        </Confirm>
      )}
    </Panel>
  );
}

/** What came of a test, or of another action. */
function Outcome({ test, done }: { test: WebhookTest | null; done: string | undefined }) {
  const { webhooks: say } = words.value;
  return (
    <>
      {test?.error && (
        <p class="notice" role="alert">
          {test.error.sentence}
        </p>
      )}
      <Done>{test && !test.error ? say.testWorked(test.http_status ?? 0, test.ms) : done}</Done>
    </>
  );
}

function Facts({ webhook }: { webhook: Webhook }) {
  const { webhooks: say, none } = words.value;
  const { last_delivered_at: delivered, last_failure: failure } = webhook;
  return (
    <dl class="list">
      <Fact name={say.organization}>{webhook.organization_id ?? say.forAll}</Fact>
      <Fact name={say.types}>{webhook.event_types?.join(', ') ?? say.allEvents}</Fact>
      <Fact name={say.waiting}>{formatNumber(webhook.waiting)}</Fact>
      <Fact name={say.parked}>{formatNumber(webhook.parked)}</Fact>
      <Fact name={say.lastDelivered}>{delivered ? <Time at={delivered} ago /> : none}</Fact>
      <Fact name={say.lastFailure}>
        {failure ? (
          <>
            <Time at={failure.at} ago /> · {failure.sentence}
          </>
        ) : (
          none
        )}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Health({ webhook }: { webhook: Webhook }) {
  const { webhooks: say } = words.value;
  const { enabled, last_failure: failure, last_delivered_at: delivered } = webhook;
  const [tone, icon, word] = !enabled
    ? (['still', 'pause', say.disabled] as const)
    : failure && (!delivered || failure.at > delivered)
      ? (['bad', 'warning', say.failing] as const)
      : delivered
        ? (['good', 'check', say.working] as const)
        : (['still', 'clock', say.unused] as const);
  return (
    <span class={`badge badge-${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

interface ParkedProps {
  webhook: Webhook;
  act: (work: () => Promise<{ message: string }>) => Promise<void>;
  busy: boolean;
}

const REDELIVER = 'POST /api/webhooks/:webhook_id/redeliver';

/** What was given up, each with the reason; sent again one by one, or all at once. */
function Parked({ webhook, act, busy }: ParkedProps) {
  const { webhooks: say } = words.value;
  const params = { webhook_id: webhook.webhook_id };
  const redeliver = (body: BodyOf<typeof REDELIVER>) => call(REDELIVER, { params, body });
  const { data, fault, reload } = useLoaded(`parked ${webhook.webhook_id} ${webhook.parked}`, (end) =>
    call(
      'GET /api/webhooks/:webhook_id/deliveries',
      { params, query: { status: 'parked', limit: PARKED_SHOWN } },
      { signal: end },
    ),
  );
  return (
    <details class="more">
      <summary>
        <Icon name="warning" /> {say.showParked(webhook.parked)}
      </summary>
      <div class="buttons">
        <Button icon="turning" busy={busy} onClick={() => void act(() => redeliver({ status: 'parked' }))}>
          {say.redeliverAll}
        </Button>
      </div>
      <Fault fault={fault} onRetry={reload} />
      {!data && !fault && <Loading />}
      <ul class="messages">
        {data?.deliveries.map((delivery) => (
          <li key={delivery.delivery_id} class="backup">
            <div>
              <p>
                <strong>{delivery.type}</strong> · {delivery.organization_id} · <Time at={delivery.at} />
              </p>
              {delivery.error && <p class="message-error">{delivery.error.sentence}</p>}
            </div>
            <Button
              icon="turning"
              busy={busy}
              label={say.redeliverOf(delivery.type, formatMoment(delivery.at))}
              onClick={() => void act(() => redeliver({ delivery_id: delivery.delivery_id }))}
            >
              {say.redeliver}
            </Button>
          </li>
        ))}
      </ul>
    </details>
  );
}

import { useState } from 'preact/hooks';
import type { Message } from '../answers.js';
import { formatMoment } from '../format.js';
import { useAction } from '../live/use-action.js';
import { WITHOUT_EVENTS } from '../live/use-loaded.js';
import { usePages } from '../live/use-pages.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Button, Fault, Field, Loading, Panel, Select, Time } from '../parts/parts.js';
import { MessageBadge } from '../parts/status-badge.js';

/** Messages of one reading. */
const PAGE = 50;
const MESSAGE_ID = /^3EB0[0-9A-F]+$/i;

/** What became of the messages of one organization, newest first. */
export function MessagesTab({ id }: { id: string }) {
  const { messages: say, message: states, older } = words.value;
  const [state, setState] = useState('');
  const [looked, setLooked] = useState('');
  const [typed, setTyped] = useState('');
  const pages = usePages<Message>(
    `messages ${id} ${state} ${looked}`,
    (after, end) => findMessages({ id, state, looked, after }, end),
    (event) => event.organization_id === id && event.name === 'message.status',
    WITHOUT_EVENTS,
  );

  return (
    <Panel title={say.title} beside={<span class="quiet">{say.about}</span>}>
      <form
        class="inline-form"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          setLooked(typed.trim());
        }}
      >
        <Field
          label={say.search}
          value={typed}
          onValue={(value) => {
            setTyped(value);
            if (value === '') setLooked('');
          }}
          fault={pages.fault?.about('phone')}
          input={{ type: 'search', enterkeyhint: 'search' }}
        />
        <Button type="submit" icon="search">
          {say.find}
        </Button>
        <Select
          label={say.state}
          value={state}
          options={[['', say.all] as const, ...Object.entries(states)]}
          onValue={setState}
        />
      </form>
      <Fault fault={pages.fault} onRetry={pages.reload} marked={['phone']} />
      {!pages.isLoaded && !pages.fault && <Loading />}
      {pages.isLoaded && pages.items.length === 0 && !pages.fault && <p>{say.empty}</p>}
      <ul class="messages">
        {pages.items.map((message) => (
          <MessageLine key={message.message_id} message={message} reload={pages.reload} />
        ))}
      </ul>
      {pages.hasOlder && (
        <div class="buttons">
          <Button busy={pages.isLoadingOlder} onClick={pages.loadOlder}>
            {older}
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** Of the messages in a state, those to what was looked for: a phone, or the id of one message. */
async function findMessages(
  { id, state, looked, after }: { id: string; state: string; looked: string; after: string | null },
  signal: AbortSignal,
): Promise<{ items: Message[]; next: string | null }> {
  if (MESSAGE_ID.test(looked)) {
    const found = await call(
      'GET /api/messages/:message_id',
      { params: { message_id: looked.toUpperCase() } },
      { signal },
    );
    return { items: found.organization_id === id ? [found] : [], next: null };
  }
  const query = {
    organization_id: id,
    order: 'desc',
    limit: PAGE,
    status: state || undefined,
    phone: looked || undefined,
    after: after || undefined,
  } as const;
  const { messages, next } = await call('GET /api/messages', { query }, { signal });
  return { items: [...messages], next };
}

function MessageLine({ message, reload }: { message: Message; reload: () => void }) {
  const { messages: say, message: states } = words.value;
  const action = useAction<unknown>();
  const phone = message.phone.replace(/@.*$/, '');
  const takeBack = async (): Promise<void> => {
    await action.run(() => call('DELETE /api/messages/:message_id', { params: { message_id: message.message_id } }));
    reload();
  };
  const waits = message.status === 'queued' && new Date(message.send_at) > new Date();
  return (
    <li class="message">
      <div class="message-line">
        <span class="message-phone">{phone}</span>
        <MessageBadge status={message.status} />
      </div>
      {message.error && <p class="message-error">{message.error.sentence}</p>}
      {message.waiting && <p class="quiet">{message.waiting.sentence}</p>}
      {waits && <p class="quiet">{say.scheduled(formatMoment(message.send_at))}</p>}
      <div class="message-more">
        <details>
          <summary>
            <span class="quiet">
              <Time at={message.created_at} />
            </span>
            <span>{say.details}</span>
          </summary>
          <dl class="list">
            <div>
              <dt>{say.id}</dt>
              <dd>
                <code>{message.message_id}</code>
              </dd>
            </div>
            {Object.entries(message.times).map(([name, at]) => (
              <div key={name}>
                <dt>{states[name] ?? name}</dt>
                <dd>{formatMoment(at)}</dd>
              </div>
            ))}
          </dl>
          <p class="quiet">{say.tries(message.attempts)}</p>
        </details>
        {message.status === 'queued' && (
          <Button icon="cross" busy={action.busy} label={say.takeBackOf(phone)} onClick={() => void takeBack()}>
            {say.takeBack}
          </Button>
        )}
      </div>
      <Fault fault={action.fault} />
    </li>
  );
}

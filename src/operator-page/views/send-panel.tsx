import { useRef, useState } from 'preact/hooks';
import { useAction } from '../live/use-action.js';
import { useLoaded } from '../live/use-loaded.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Icon } from '../parts/icon.js';
import { Button, Fault, Field, Panel } from '../parts/parts.js';
import { MessageBadge } from '../parts/status-badge.js';

/** A message to try the number with, and what becomes of it, live. */
export function SendPanel({ id }: { id: string }) {
  const { send: say } = words.value;
  const [phone, setPhone] = useState('');
  const [text, setText] = useState<string | null>(null);
  const action = useAction<{ message_id: string }>();
  // One key for one message: a repeat after a lost answer is no second message.
  const key = useRef<{ of: string; key: string } | null>(null);
  const message = text ?? say.example;

  const submit = async (): Promise<void> => {
    const of = JSON.stringify([phone, message]);
    if (key.current?.of !== of) key.current = { of, key: randomKey() };
    const answer = await action.run(() =>
      call(
        'POST /api/send-message',
        { body: { organization_id: id, phone, message, wait_ms: 0, ttl_seconds: 3600 } },
        { headers: { 'Idempotency-Key': key.current?.key ?? randomKey() } },
      ),
    );
    if (answer) key.current = null;
  };

  return (
    <Panel title={say.title}>
      {action.answer ? (
        <Progress messageId={action.answer.message_id} id={id} onAgain={action.clear} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <Field
            label={say.phone}
            help={say.phoneHelp}
            fault={action.fault?.about('phone')}
            value={phone}
            onValue={setPhone}
            input={{ type: 'tel', inputMode: 'tel', required: true, placeholder: '573001112233' }}
          />
          <Field label={say.text} fault={action.fault?.about('message')} value={message} onValue={setText} rows={2} />
          <Fault fault={action.fault} marked={['phone', 'message']} />
          <div class="buttons">
            <Button kind="primary" type="submit" icon="send" busy={action.busy}>
              {say.submit}
            </Button>
          </div>
        </form>
      )}
    </Panel>
  );
}

const WAY = ['queued', 'sent', 'delivered', 'read'] as const;

function Progress({ messageId, id, onAgain }: { messageId: string; id: string; onAgain: () => void }) {
  const { send: say, message: names, faults } = words.value;
  const { data, fault, reload } = useLoaded(
    `message ${messageId}`,
    (end) => call('GET /api/messages/:message_id', { params: { message_id: messageId } }, { signal: end }),
    (event) => event.organization_id === id && event.data.message_id === messageId && 'now',
  );
  const reached = data ? (WAY as readonly string[]).indexOf(data.status === 'sending' ? 'queued' : data.status) : 0;
  return (
    <>
      <p class="quiet">{say.progress}</p>
      <Fault fault={fault} onRetry={reload} />
      <div role="status" aria-atomic="true">
        {data && (
          <p class="progress-words">
            <MessageBadge status={data.status} /> {data.error?.sentence ?? data.sentence}
            {data.error && data.hint && (
              <>
                {' '}
                <strong>{faults.whatToDo}</strong> {data.hint}
              </>
            )}
          </p>
        )}
      </div>
      {reached >= 0 && (
        <ol class="way" aria-hidden="true">
          {WAY.map((one, place) => (
            <li key={one} class={place <= reached ? 'reached' : ''}>
              <span class="way-mark">{place <= reached && <Icon name="check" />}</span>
              {names[one]}
            </li>
          ))}
        </ol>
      )}
      <div class="buttons">
        <Button onClick={onAgain}>{say.again}</Button>
      </div>
    </>
  );
}

/** 128 bits of chance, hexadecimal; also where the page came over plain http, unlike `crypto.randomUUID`. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { Counters, ListedSession, ServiceEvent } from '../answers.js';
import { eventWords } from '../event-words.js';
import { formatNumber } from '../format.js';
import { onEvent } from '../live/stream.js';
import { useAction } from '../live/use-action.js';
import { useLoaded, WITHOUT_EVENTS } from '../live/use-loaded.js';
import { goTo, organizationAddress } from '../route.js';
import { get, post } from '../service.js';
import { GROUP_ORDER, groupOf, sayListed, type SessionGroup } from '../session-words.js';
import { words } from '../settings.js';
import { Dialog } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { Button, Fault, Field, Loading, Time } from '../parts/parts.js';
import { AttentionBadge, StatusBadge } from '../parts/status-badge.js';

/** 2 before 10. */
const IN_ORDER = new Intl.Collator(undefined, { numeric: true });

/** What was looked for stays when somebody comes back from one organization. */
const search = signal('');
const group = signal<SessionGroup | 'all'>('all');

export function OrganizationsView() {
  const { list, name } = words.value;
  const [isNew, setIsNew] = useState(false);
  const { data, fault, reload } = useLoaded(
    'sessions',
    (end) => get<{ sessions: ListedSession[] }>('/api/sessions', { signal: end }),
    (event) => (event.name.startsWith('message.') ? 'soon' : 'now'),
    // All of them at once: not as often as one.
    3 * WITHOUT_EVENTS,
  );
  const lastEvents = useLastEvents();
  useEffect(() => {
    document.title = `${list.title} · ${name}`;
  }, [list, name]);

  const sessions = data?.sessions ?? [];
  const counts = countGroups(sessions);
  const shown = sessions.filter(fits).sort(byGroup);

  return (
    <>
      <div class="head-row">
        <h1 tabIndex={-1}>{list.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setIsNew(true)}>
          {list.fresh}
        </Button>
      </div>
      <Fault fault={fault} onRetry={reload} />
      {!data && !fault && <Loading />}
      {data && sessions.length === 0 && (
        <div class="empty">
          <p>
            <strong>{list.empty}</strong>
          </p>
          <p>{list.emptyStep}</p>
        </div>
      )}
      {sessions.length > 0 && (
        <>
          <div class="filters">
            <div class="search">
              <Icon name="search" />
              <input
                type="search"
                aria-label={list.search}
                placeholder={list.search}
                value={search.value}
                onInput={(event) => {
                  search.value = event.currentTarget.value;
                }}
              />
            </div>
            <div class="chips" role="group" aria-label={list.filter}>
              {(['all', ...GROUP_ORDER] as const).map((one) => (
                <button
                  key={one}
                  type="button"
                  class="chip"
                  aria-pressed={group.value === one}
                  onClick={() => {
                    group.value = one;
                  }}
                >
                  {list[one]}{' '}
                  <span class="chip-count">{formatNumber(one === 'all' ? sessions.length : counts[one])}</span>
                </button>
              ))}
            </div>
          </div>
          <p class="unseen" role="status">
            {list.count(shown.length, sessions.length)}
          </p>
          {shown.length === 0 && (
            <div class="empty">
              <p>{list.noMatch}</p>
              <Button
                onClick={() => {
                  search.value = '';
                  group.value = 'all';
                }}
              >
                {list.clear}
              </Button>
            </div>
          )}
          <ul class="organizations">
            {shown.map((session) => (
              <OrganizationCard
                key={session.organization_id}
                session={session}
                last={lastEvents.get(session.organization_id) ?? session.last_event ?? null}
              />
            ))}
          </ul>
        </>
      )}
      {isNew && <NewOrganization onClose={() => setIsNew(false)} />}
    </>
  );
}

function OrganizationCard({ session, last }: { session: ListedSession; last: ServiceEvent | null }) {
  const { list, organization } = words.value;
  const { sentence, step } = sayListed(session);
  const needsPerson = groupOf(session) === 'attention';
  return (
    <li class={`organization organization-${groupOf(session)}`}>
      <div class="organization-head">
        <h2>
          <a href={organizationAddress(session.organization_id)}>
            <span class="unseen">{organization.title('')}</span>
            {session.organization_id}
          </a>
        </h2>
        <StatusBadge status={session.status} />
        {needsPerson && <AttentionBadge />}
      </div>
      <p class="organization-words">
        {sentence} <span class="step">{step}</span>
      </p>
      <dl class="facts">
        <div>
          <dt>{list.phone}</dt>
          <dd>{session.phone_number ?? list.noPhone}</dd>
        </div>
        <div>
          <dt>{list.queue}</dt>
          <dd class={session.queue.pending > 0 ? 'strong' : ''}>{formatNumber(session.queue.pending)}</dd>
        </div>
        <div>
          <dt>{list.faults}</dt>
          <dd>
            <CounterWords counters={session.counters} />
          </dd>
        </div>
        <div class="facts-wide">
          <dt>{list.last}</dt>
          <dd>
            {last ? (
              <>
                {eventWords(last)} · <Time at={last.at} ago />
              </>
            ) : (
              words.value.none
            )}
          </dd>
        </div>
      </dl>
    </li>
  );
}

function CounterWords({ counters }: { counters: Counters | undefined }) {
  const { charts, health, none } = words.value;
  if (!counters) return <>{none}</>;
  return (
    <>
      {(['bad_mac', 'stream_error'] as const).map((kind) => {
        const counter = counters[kind];
        return (
          counter && (
            <span key={kind} class={counter.count > 0 ? 'counter counter-some' : 'counter'}>
              {health.short(charts[kind], counter.count, counter.limit)}
            </span>
          )
        );
      })}
    </>
  );
}

function NewOrganization({ onClose }: { onClose: () => void }) {
  const { fresh, cancel } = words.value;
  const [id, setId] = useState('');
  const action = useAction<unknown>();
  const submit = async (): Promise<void> => {
    const chosen = id.trim();
    if ((await action.run(() => post('/api/start-session', { organization_id: chosen }))) === null) return;
    onClose();
    goTo(organizationAddress(chosen));
  };
  return (
    <Dialog title={fresh.title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p>{fresh.about}</p>
        <Field
          label={fresh.id}
          help={fresh.rule}
          fault={action.fault?.about('organization_id')}
          value={id}
          onValue={setId}
          input={{ required: true, maxLength: 64, autofocus: true, autocapitalize: 'off' }}
        />
        <Fault fault={action.fault} marked={['organization_id']} />
        <div class="buttons buttons-end">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={action.busy}>
            {fresh.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The newest event of each organization, as far as the newest page of all events tells, and from then on live. */
function useLastEvents(): ReadonlyMap<string, ServiceEvent> {
  const [last, setLast] = useState<ReadonlyMap<string, ServiceEvent>>(new Map());
  const first = useLoaded('last-events', (end) =>
    get<{ events: ServiceEvent[] }>('/api/events?order=desc&limit=200', { signal: end }),
  );
  useEffect(() => {
    const events = first.data?.events ?? [];
    setLast(
      (before) => new Map([...[...events].reverse().map((one) => [one.organization_id, one] as const), ...before]),
    );
  }, [first.data]);
  useEffect(() => {
    // A burst of events is one drawing.
    const fresh = new Map<string, ServiceEvent>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onEvent((event) => {
      fresh.set(event.organization_id, event);
      timer ??= setTimeout(() => {
        timer = undefined;
        setLast((before) => new Map([...before, ...fresh]));
        fresh.clear();
      }, 200);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return last;
}

function fits(session: ListedSession): boolean {
  const looked = search.value.trim().toLowerCase();
  const digits = looked.replace(/[\s+()-]/g, '');
  const found =
    looked === '' ||
    session.organization_id.toLowerCase().includes(looked) ||
    (/^\d+$/.test(digits) && (session.phone_number ?? '').includes(digits));
  return found && (group.value === 'all' || groupOf(session) === group.value);
}

function byGroup(one: ListedSession, other: ListedSession): number {
  const distance = GROUP_ORDER.indexOf(groupOf(one)) - GROUP_ORDER.indexOf(groupOf(other));
  return distance || IN_ORDER.compare(one.organization_id, other.organization_id);
}

function countGroups(sessions: readonly ListedSession[]): Record<SessionGroup, number> {
  const counts = { attention: 0, scan: 0, other: 0, connected: 0 };
  for (const session of sessions) counts[groupOf(session)] += 1;
  return counts;
}

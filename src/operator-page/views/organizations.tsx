import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Counters, ListedSession, ServiceEvent } from '../answers.js';
import { eventWords } from '../event-words.js';
import { formatNumber } from '../format.js';
import type { SessionWindow } from '../live/session-window.js';
import { onEvent } from '../live/stream.js';
import { useAction } from '../live/use-action.js';
import { useSessionList } from '../live/use-session-list.js';
import { goTo, organizationAddress } from '../route.js';
import { call } from '../service.js';
import { GROUP_ORDER, groupOf, type SessionGroup } from '../session-group.js';
import { sayListed } from '../session-words.js';
import { words } from '../settings.js';
import { Dialog } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { Button, Fault, Field, Loading, Time } from '../parts/parts.js';
import { AttentionBadge, StatusBadge } from '../parts/status-badge.js';

/** What was looked for stays when somebody comes back from one organization. */
const search = signal('');
const group = signal<SessionGroup | 'all'>('all');

export function OrganizationsView() {
  const { list, name } = words.value;
  const [isNew, setIsNew] = useState(false);
  const place = useRef<HTMLUListElement>(null);
  const { window, fault, busy, reload, more } = useSessionList(search.value.trim(), group.value, () =>
    idsOnScreen(place.current),
  );
  const lastEvents = useLastEvents();
  useEffect(() => {
    document.title = `${list.title} · ${name}`;
  }, [list, name]);

  const rows = window?.rows ?? [];

  return (
    <>
      <div class="head-row head-list">
        <h1 tabIndex={-1}>{list.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setIsNew(true)}>
          {list.fresh}
        </Button>
      </div>
      <Fault fault={fault} onRetry={reload} />
      {!window && !fault && <Loading />}
      {window?.total === 0 && <Nobody />}
      {window && window.total > 0 && (
        <>
          <Filters window={window} />
          <p class="unseen" role="status">
            {list.count(window.matching, window.total)}
          </p>
          {rows.length === 0 && <NoMatch />}
          <ul class="organizations" ref={place}>
            {rows.map((session) => (
              <OrganizationCard
                key={session.organization_id}
                session={session}
                last={lastEvents.get(session.organization_id) ?? session.last_event ?? null}
              />
            ))}
          </ul>
          {window.next !== null && (
            <div class="more-rows">
              <p class="quiet">{list.shown(rows.length, window.matching)}</p>
              <Button busy={busy} onClick={more}>
                {list.more}
              </Button>
            </div>
          )}
        </>
      )}
      {isNew && <NewOrganization onClose={() => setIsNew(false)} />}
    </>
  );
}

function Filters({ window }: { window: SessionWindow }) {
  const { list } = words.value;
  const all = GROUP_ORDER.reduce((sum, one) => sum + window.groups[one], 0);
  return (
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
            {list[one]} <span class="chip-count">{formatNumber(one === 'all' ? all : window.groups[one])}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

function Nobody() {
  const { list } = words.value;
  return (
    <div class="empty">
      <p>
        <strong>{list.empty}</strong>
      </p>
      <p>{list.emptyStep}</p>
    </div>
  );
}

function NoMatch() {
  const { list } = words.value;
  return (
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
  );
}

function OrganizationCard({ session, last }: { session: ListedSession; last: ServiceEvent | null }) {
  const { list, organization } = words.value;
  const { sentence, step } = sayListed(session);
  const needsPerson = groupOf(session) === 'attention';
  return (
    <li class={`organization organization-${groupOf(session)}`} data-id={session.organization_id}>
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
        <div class="facts-phone">
          <dt>{list.phone}</dt>
          <dd>{session.phone_number ?? list.noPhone}</dd>
        </div>
        <div>
          <dt>{list.queue}</dt>
          <dd class={session.queue.pending > 0 ? 'strong' : ''}>{formatNumber(session.queue.pending)}</dd>
        </div>
        <div class="facts-faults">
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
    if ((await action.run(() => call('POST /api/start-session', { body: { organization_id: chosen } }))) === null)
      return;
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

/** The newest event of each organization that was told since this view is open; what came before stands in the list. */
function useLastEvents(): ReadonlyMap<string, ServiceEvent> {
  const [last, setLast] = useState<ReadonlyMap<string, ServiceEvent>>(new Map());
  useEffect(() => {
    // A burst of events is one drawing.
    const fresh = new Map<string, ServiceEvent>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onEvent((event) => {
      fresh.set(event.organization_id, event);
      timer ??= setTimeout(() => {
        timer = undefined;
        const burst = [...fresh];
        fresh.clear();
        setLast((before) => new Map([...before, ...burst]));
      }, 200);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return last;
}

/** Of the rows that somebody sees now. */
function idsOnScreen(list: HTMLElement | null): string[] {
  return [...(list?.children ?? [])].flatMap((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    const { id } = (row as HTMLElement).dataset;
    return id !== undefined && bottom > 0 && top < innerHeight ? [id] : [];
  });
}

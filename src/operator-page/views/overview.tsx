import type { Counter, SessionStatus } from '../answers.js';
import { formatAgo, formatNumber, wordFor } from '../format.js';
import { useLoaded } from '../live/use-loaded.js';
import { organizationAddress } from '../route.js';
import { isLinking } from '../session-group.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { EventList } from '../parts/event-list.js';
import { Icon } from '../parts/icon.js';
import { Panel, Time } from '../parts/parts.js';
import { LinkPanel } from './link-panel.js';
import { SendPanel } from './send-panel.js';

/** How many of the newest events stand on the overview. */
const LATEST = 6;

export function OverviewTab({ session, reload }: { session: SessionStatus; reload: () => void }) {
  const { organization_id: id } = session;
  // While a scan is under way the session connects: the panel stays until it says "connected".
  const linking = isLinking(session);
  return (
    <div class="columns">
      <div class="column">
        <LinkPanel session={session} isLinking={linking} reload={reload} />
        {session.phone_number !== null && !linking && <SendPanel id={id} />}
        {!linking && session.phone_number === null ? null : <LatestPanel id={id} />}
      </div>
      <div class="column">
        <HealthPanel session={session} />
        {!linking && session.phone_number === null && <LatestPanel id={id} />}
      </div>
    </div>
  );
}

function HealthPanel({ session }: { session: SessionStatus }) {
  const { health: say, none, reason } = words.value;
  const { health, queue, last_disconnect: last } = session;
  return (
    <Panel title={say.title}>
      {health ? (
        <>
          <p class={`verdict verdict-${health.verdict}`}>
            <Icon name={health.verdict === 'healthy' ? 'check' : 'warning'} />
            {say.verdict[health.verdict]}
          </p>
          <CounterBar name={say.bad_mac} counter={health.counters.bad_mac} />
          <CounterBar name={say.stream_error} counter={health.counters.stream_error} />
        </>
      ) : (
        <p>{say.nothing}</p>
      )}
      <dl class="list">
        <div>
          <dt>{say.queue}</dt>
          <dd>
            {formatNumber(queue.pending)}
            {queue.oldest_at && <span class="quiet"> ({say.oldest(formatAgo(queue.oldest_at))})</span>}
          </dd>
        </div>
        {health && (
          <div>
            <dt>{say.cleanings}</dt>
            <dd>{say.ofLimit(health.cleanings_24h, health.cleanings_limit)}</dd>
          </div>
        )}
        <div>
          <dt>{say.lastCleaning}</dt>
          <dd>
            {health?.last_cleaning ? (
              <>
                <Time at={health.last_cleaning.at} /> · {wordFor(reason, health.last_cleaning.reason)} ·{' '}
                {health.last_cleaning.automatic ? say.byItself : say.byHand}
              </>
            ) : (
              none
            )}
          </dd>
        </div>
        <div>
          <dt>{say.lastDisconnect}</dt>
          <dd>
            {last ? (
              <>
                <Time at={last.at} /> · {wordFor(reason, last.reason)}
              </>
            ) : (
              none
            )}
          </dd>
        </div>
      </dl>
    </Panel>
  );
}

/** How near a counter is to its limit: in words, and as a bar for the eye. */
function CounterBar({ name, counter }: { name: string; counter: Counter | undefined }) {
  if (!counter) return null;
  const { count, limit, window_ms: window } = counter;
  const tone = count === 0 ? 'good' : count < limit ? 'call' : 'bad';
  return (
    <div class="counter-bar">
      <p>
        <span>{name}</span> <strong>{words.value.health.of(count, limit, Math.round(window / 1000))}</strong>
      </p>
      <svg class={`gauge gauge-${tone}`} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="gauge-rest" width="100" height="4" />
        <rect class="gauge-value" width={Math.min(100, (100 * count) / limit)} height="4" />
      </svg>
    </div>
  );
}

function LatestPanel({ id }: { id: string }) {
  const { organization, history } = words.value;
  const { data } = useLoaded(
    `latest ${id}`,
    (end) => call('GET /api/events', { query: { organization_id: id, order: 'desc', limit: LATEST } }, { signal: end }),
    (event) => event.organization_id === id && 'now',
  );
  return (
    <Panel
      title={organization.latest}
      beside={<a href={organizationAddress(id, 'history')}>{organization.allHistory}</a>}
    >
      {data && data.events.length === 0 ? <p>{history.empty}</p> : data && <EventList events={data.events} />}
    </Panel>
  );
}

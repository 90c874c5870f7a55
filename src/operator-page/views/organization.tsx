import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SessionStatus } from '../answers.js';
import { formatSoonest, now } from '../format.js';
import { useLoaded, WITHOUT_EVENTS } from '../live/use-loaded.js';
import { organizationAddress, type Tab, TABS } from '../route.js';
import { call } from '../service.js';
import { groupOf } from '../session-group.js';
import { saySession } from '../session-words.js';
import { words } from '../settings.js';
import { Icon } from '../parts/icon.js';
import { Fault, Loading, Time } from '../parts/parts.js';
import { AttentionBadge, StatusBadge } from '../parts/status-badge.js';
import { ChartsTab } from './charts.js';
import { HistoryTab } from './history.js';
import { KeysTab } from './keys.js';
import { MessagesTab } from './messages.js';
import { OverviewTab } from './overview.js';
import { OtherPhoneButtons } from './other-phone-buttons.js';
import { SessionButtons } from './session-buttons.js';

/** One organization: what is the matter and what to do stays on top of every section. */
export function OrganizationView({ id, tab }: { id: string; tab: Tab }) {
  const { organization, name } = words.value;
  const status = useLoaded(
    `status ${id}`,
    (end) => call('GET /api/status/:organization_id', { params: { organization_id: id } }, { signal: end }),
    (event) => {
      if (event.organization_id !== id) return false;
      return event.name.startsWith('message.') ? 'soon' : 'now';
    },
    WITHOUT_EVENTS,
  );
  useEffect(() => {
    document.title = `${organization.title(id)} · ${name}`;
  }, [organization, id]);

  return (
    <>
      <a class="back" href="#/">
        <Icon name="back" /> {organization.back}
      </a>
      <h1 tabIndex={-1}>{organization.title(id)}</h1>
      <Fault fault={status.fault} onRetry={status.reload} />
      {!status.data && !status.fault && <Loading />}
      {status.data && (
        <>
          <StatusPanel session={status.data} reload={status.reload} />
          <nav class="tabs" aria-label={organization.sections}>
            {TABS.map((one) => (
              <a key={one} href={organizationAddress(id, one)} aria-current={one === tab ? 'page' : undefined}>
                {organization.tabs[one]}
              </a>
            ))}
          </nav>
          <CurrentTab session={status.data} tab={tab} reload={status.reload} />
        </>
      )}
    </>
  );
}

function CurrentTab({ session, tab, reload }: { session: SessionStatus; tab: Tab; reload: () => void }) {
  const id = session.organization_id;
  switch (tab) {
    case 'overview':
      return <OverviewTab session={session} reload={reload} />;
    case 'messages':
      return <MessagesTab id={id} />;
    case 'history':
      return <HistoryTab id={id} />;
    case 'charts':
      return <ChartsTab id={id} />;
    case 'keys':
      return <KeysTab session={session} reload={reload} />;
  }
}

function StatusPanel({ session, reload }: { session: SessionStatus; reload: () => void }) {
  const { organization } = words.value;
  const { sentence, step } = saySession(session);
  const drawer = groupOf({ status: session.status, attention: session.attention?.code ?? null });
  return (
    <div class={`status-panel status-${drawer}`}>
      {/* Everything that changes here by itself is read out, once it has settled. */}
      <div role="status" aria-atomic="true">
        <p class="status-line">
          <StatusBadge status={session.status} />
          {drawer === 'attention' && <AttentionBadge />}
          <span class="status-phone">
            <Icon name="phone" />
            <span class="unseen">{organization.phone} </span>
            {session.phone_number ?? organization.noPhone}
          </span>
        </p>
        <p class="status-sentence">{sentence}</p>
        {session.held_up && (
          <p class="status-note">
            {session.held_up.sentence} <Time at={session.held_up.since} ago />
          </p>
        )}
        {session.first_contacts_paused_until && <NoNewCustomers until={session.first_contacts_paused_until} />}
        <p class="status-step">
          <strong>{organization.next}:</strong> {step}
        </p>
      </div>
      <OtherPhoneButtons
        id={session.organization_id}
        waits={session.attention?.code === 'other_phone'}
        reload={reload}
      />
      <SessionButtons session={session} reload={reload} />
    </div>
  );
}

/** Gone when it is over, though nothing is told then. */
function NoNewCustomers({ until }: { until: string }) {
  const isOver = useComputed(() => now.value >= new Date(until).getTime());
  if (isOver.value) return null;
  return <p class="status-note">{words.value.organization.noNewCustomers(formatSoonest(until))}</p>;
}

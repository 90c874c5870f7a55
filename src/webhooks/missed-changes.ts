import type { EventData } from '../events/catalogue.js';
import type { EventLedger } from '../events/event-ledger.js';
import type { OrganizationId } from '../organization-id.js';
import type { MessageState, OutboxMessage } from '../outbox/outbox-message.js';
import type { OutboxStore } from '../store/ports.js';

/**
 * How long before the newest event it is looked for changes that were not told, ms: the ledger is not synced at each
 * event, and a power cut takes what the system had not written yet, some thirty seconds at most.
 */
const LOOK_BACK_MS = 60_000;
/**
 * The newest messages that are looked at: some 20 ms at a start. Who has sent more within a minute was not at its
 * usual pace.
 */
const MESSAGES = 5000;
/** Events read at a time. */
const PAGE = 1000;

/** A change that the outbox knows and the ledger does not. */
export interface MissedChange {
  readonly message: OutboxMessage;
  readonly state: MessageState;
  readonly at: number;
}

interface Parts {
  readonly ledger: Pick<EventLedger, 'list'>;
  readonly outboxStore: Pick<OutboxStore, 'newest'>;
}

/**
 * What the outbox knows and the ledger does not, in its order: a kill may come between the two, and a power cut may
 * take an event whose message's change was synced. Asked at a start, before anything is told.
 */
export async function missedChanges({ ledger, outboxStore }: Parts): Promise<MissedChange[]> {
  const [newest] = await ledger.list({ newestFirst: true, limit: 1 });
  // A ledger that is new, or was lost, begins now: it does not tell the past.
  if (!newest) return [];
  const since = newest.at - LOOK_BACK_MS;
  const changes = changesSince(await outboxStore.newest(MESSAGES), since);
  if (changes.length === 0) return [];
  const told = await toldSince(ledger, since - LOOK_BACK_MS);
  const begins = oldestKept(ledger);
  const missed: MissedChange[] = [];
  for (const change of changes) {
    const { message, state, at } = change;
    if (told.has(`${message.messageId} ${state}`)) continue;
    // What is older than all that is kept of its organization may have been told and forgotten.
    if (at >= (await begins(message.organizationId))) missed.push(change);
  }
  return missed;
}

export async function tellMissedChanges(
  ledger: Pick<EventLedger, 'tell'>,
  missed: readonly MissedChange[],
): Promise<void> {
  for (const { message, state } of missed) {
    const isLast = state === message.state;
    await ledger.tell('message.status', message.organizationId, {
      message_id: message.messageId,
      status: state,
      error_code: isLast ? message.errorCode : null,
      ack_code: isLast ? message.ackCode : null,
    });
  }
}

/** Every change of a message since then, in their order. That it was accepted is no event. */
function changesSince(newest: readonly OutboxMessage[], since: number): MissedChange[] {
  return [...newest]
    .reverse()
    .flatMap((message) =>
      Object.entries(message.times).map(([state, at]) => ({ message, state: state as MessageState, at })),
    )
    .filter(({ state, at }) => state !== 'queued' && at >= since)
    .sort((a, b) => a.at - b.at);
}

/** `3EB0… sent`, of every change that was told since then. */
async function toldSince(ledger: Parts['ledger'], since: number): Promise<Set<string>> {
  const told = new Set<string>();
  for (let after: number | undefined; ;) {
    const events = await ledger.list({ newestFirst: true, after, limit: PAGE });
    for (const { name, at, data } of events) {
      if (at < since) return told;
      if (name !== 'message.status') continue;
      const { message_id: id, status } = data as EventData<'message.status'>;
      told.add(`${id} ${status}`);
    }
    if (events.length < PAGE) return told;
    after = events.at(-1)?.id;
  }
}

/** When the oldest event that is kept of an organization happened; 0 when there is none. */
function oldestKept(ledger: Parts['ledger']): (organizationId: OrganizationId) => Promise<number> {
  const known = new Map<OrganizationId, number>();
  return async (organizationId) => {
    let at = known.get(organizationId);
    if (at === undefined) {
      const [oldest] = await ledger.list({ organizationId, limit: 1 });
      at = oldest?.at ?? 0;
      known.set(organizationId, at);
    }
    return at;
  };
}

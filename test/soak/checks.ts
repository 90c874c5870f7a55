/** What must hold whenever the world is calm. Each returns sentences about what does not. */
import type { Order, Shop } from './people.js';
import type { Shown, Witness } from './witness.js';
import type { World } from './world.js';

/** WhatsApp has it, by what the service says. */
const ARRIVED = ['sent', 'delivered', 'read'];

/** None lost, none doubled, none failed without a reason, none overtaken. */
export function judgeOrders(world: World, { shown }: Witness): string[] {
  const wrong: string[] = [];
  for (const order of world.people.orders) {
    const found = shown.get(order.customer)?.get(order.text);
    const about = `${order.key} (${order.messageId}) of ${order.shop.id} to ${order.customer.slice(-4)}`;
    if (found && found.ids.size > 1) wrong.push(`doubled: ${about} was shown as ${[...found.ids].join(' and ')}`);
    else if (found && !found.ids.has(order.messageId ?? '')) wrong.push(`doubled: ${about} was shown as another`);
    const { status = 'not accepted', error = null, ackCode = null } = order.fate ?? {};
    if (ARRIVED.includes(status)) {
      // The copy for a phone that asked for it again was refused.
      const wasRefused = world.askedForAgain.has(order.messageId ?? '') && world.refusals.has(order.messageId ?? '');
      if (!found && !wasRefused)
        wrong.push(`lost: ${about} is ${status}, and its customer does not have it${world.past(order.messageId)}`);
      continue;
    }
    const why = explains(world, order, found);
    if (why !== null)
      wrong.push(
        `lost: ${about} is ${status} (${error ?? 'no reason'}${ackCode ? ` ${ackCode}` : ''}): ` +
          `${why}${world.past(order.messageId)}`,
      );
  }
  for (const shop of world.shops)
    for (const customer of world.readers) wrong.push(...overtakings(world, shop, customer, shown.get(customer)));
  return wrong;
}

/** Why this end is wrong; null when what was done to the message explains it. */
function explains(world: World, order: Order, found: Shown | undefined): string | null {
  const { status, error, ackCode } = order.fate ?? { status: 'not accepted', error: null, ackCode: null };
  const tries = world.tries.get(order.messageId ?? '') ?? 0;
  if (found && tries <= 1) return 'its customer has it';
  switch (status) {
    case 'expired':
      if (order.options.ttlSeconds === undefined) return 'its time was a day';
      return tries > 0 ? 'it was sent' : null;
    case 'unconfirmed':
      // Tried, unanswered, and its own time is over: it may not be repeated.
      return order.options.ttlSeconds === undefined ? 'WhatsApp was not silent for so long' : null;
    case 'cancelled':
      if (tries > 0) return 'it was sent';
      return (order.options.replaceKey ?? order.options.takenBack) ? null : 'nobody replaced it or took it back';
    case 'failed':
      break;
    default:
      return 'it has come to no end';
  }
  if (error === 'not_on_whatsapp')
    return world.whatsapp.customer(order.customer).onWhatsApp ? 'the number is on WhatsApp' : null;
  if (error === 'message_poisoned') {
    const ends = (world.streamErrors.get(order.shop.number) ?? []).filter((at) => at >= order.askedAt);
    return ends.length >= 2 ? null : `only ${ends.length} stream errors came since it was asked for`;
  }
  return world.refusals.get(order.messageId ?? '')?.includes(ackCode ?? 0) ? null : 'WhatsApp has not refused it';
}

/**
 * Of two messages of one shop to one customer, the one that was accepted before the other was asked for is shown first.
 */
function overtakings(
  { people, askedForAgain, hadNoKeys }: World,
  shop: Shop,
  customer: string,
  shown: Map<string, Shown> | undefined,
): string[] {
  const wrong: string[] = [];
  // On which of the devices what was shown first is not noted.
  if (hadNoKeys.has(customer)) return wrong;
  const inOrder = people.orders
    .filter(
      ({ shop: of, customer: to, text, options, messageId }) =>
        of === shop &&
        to === customer &&
        options.sendInMs === undefined &&
        // What a phone could not read comes again later, and what follows does not wait for it.
        !askedForAgain.has(messageId ?? '') &&
        shown?.has(text),
    )
    .map((order) => ({ order, place: (shown?.get(order.text) as Shown).place }));
  for (const late of inOrder) {
    const early = inOrder.find(
      ({ order, place }) => (order.acceptedAt ?? Infinity) < late.order.askedAt && place > late.place,
    );
    if (early) wrong.push(`overtaken: ${early.order.key} by ${late.order.key} of ${shop.id} to ${customer.slice(-4)}`);
  }
  return wrong;
}

/** Each message of a customer is read, and told once; nothing else is told. */
export function judgeLetters(world: World, { told }: Witness, unread: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  const keys = new Set<string>();
  for (const { id, shop, customer, isPoisoned } of world.people.letters) {
    const key = `${shop.id} ${id}`;
    keys.add(key);
    const about = `letter ${id} of ${customer.slice(-4)} to ${shop.id}`;
    if (unread.has(id) && !isPoisoned) wrong.push(`unread: ${about} was never receipted${world.past(id)}`);
    const times = told.get(key) ?? 0;
    if (times !== 1 && !(unread.has(id) && times === 0))
      wrong.push(`told: ${about} was told ${times} times${world.past(id)}`);
  }
  for (const key of told.keys()) if (!keys.has(key)) wrong.push(`told: ${key} is no message of a customer`);
  return wrong;
}

/** No keys were set aside, and nobody scanned again. */
export function judgeScans({ shops, whatsapp, wentSilent }: World, { cleaned }: Witness): string[] {
  const wrong = cleaned.map((what) => `cleaned: ${what}`);
  const { registrations, unlinked, replaced, problems } = whatsapp.record;
  if (registrations.length > shops.length)
    wrong.push(`scanned: ${registrations.length} times for ${shops.length} shops`);
  for (const { org, by } of unlinked) wrong.push(`unlinked: ${org.slice(-4)} by the ${by}`);
  for (const { org } of replaced) if (!wentSilent.has(org)) wrong.push(`two connections at one time: ${org.slice(-4)}`);
  for (const { what } of problems) wrong.push(`the emulator stumbled: ${what}`);
  return wrong;
}

/** An error in the log means that a person must act: these are about what was done, and judged with the messages. */
const EXPLAINED_ERRORS = ['message_poisoned', 'stanza_set_aside', 'first_contacts_paused', 'message_unconfirmed'];
const EXPLAINED_ENDS = ['temporary_ban', 'locked', 'version_refused', 'login_rejected'];

export function judgeLog({ stage }: World): string[] {
  const wrong: string[] = [];
  for (const { level, event, org, msg, err, kind } of stage.logSoFar()) {
    const isError =
      ['error', 'fatal'].includes(level) &&
      !EXPLAINED_ERRORS.includes(event ?? '') &&
      !EXPLAINED_ENDS.includes(word(kind));
    if (isError || event === 'unhandled_rejection')
      wrong.push(`log: ${event} ${org ?? ''} ${word(kind)}: ${msg} ${JSON.stringify(err ?? '')}`);
  }
  return wrong;
}

function word(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

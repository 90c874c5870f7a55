/** What the customers' phones and the service's own ledger say in the end, apart from what the service answers. */
import type { Order } from './people.js';
import type { World } from './world.js';

/** A text as a customer's phone shows it. */
export interface Shown {
  /** Under which ids. */
  readonly ids: Set<string>;
  /** Its place among all that this phone got. */
  readonly place: number;
}

export interface Witness {
  /**
   * By customer and text; of the phone itself, or of another device of a customer whose phone could not be reached for
   * a while.
   */
  readonly shown: Map<string, Map<string, Shown>>;
  /** How often `message.received` was told, by organization and message id. */
  readonly told: Map<string, number>;
  /** Organizations whose folders were set aside, as the log tells it. */
  readonly cleaned: string[];
}

const PAGE = 200;

export async function look(world: World): Promise<Witness> {
  const shown = new Map(world.readers.map((number) => [number, shownTo(world, number)]));
  const cleaned = world.stage
    .logSoFar()
    .filter(
      ({ event }) => event === 'session_cleaned' || event === 'session_unlinked' || event === 'session_logged_out',
    )
    .map(({ org, event }) => `${org}: ${event}`);
  return { shown, told: await told(world), cleaned };
}

function shownTo(world: World, number: string): Map<string, Shown> {
  const texts = new Map<string, Shown>();
  world.whatsapp.customer(number).messages.forEach(({ text, id, device }, place) => {
    if (device !== 0 && !world.hadNoKeys.has(number)) return;
    const known = texts.get(text);
    if (known) known.ids.add(id);
    else texts.set(text, { ids: new Set([id]), place });
  });
  return texts;
}

async function told(world: World): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const { api } = await world.stage.up();
  for (let after: string | null = '0'; after !== null;) {
    const { body } = await api.get(`/api/events?limit=${PAGE}&after=${after}`);
    const { events, next } = body as {
      events: { name: string; organization_id: string; data: { message_id?: string } }[];
      next: string | null;
    };
    for (const { name, organization_id, data } of events) {
      if (name !== 'message.received') continue;
      const key = `${organization_id} ${data.message_id}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    after = next;
  }
  return counts;
}

/** Ways to spoil a world, to show that the checks find it. */
export const BREAKS = ['lose', 'double', 'overtake', 'clean', 'tell twice', 'tell not'] as const;
export type Break = (typeof BREAKS)[number];

/** Spoils it in place. */
export function spoil(world: World, { shown, told, cleaned }: Witness, how: Break): void {
  const [early, late] = inOrder(world, shown);
  const texts = shown.get(early.customer);
  const [first, second] = [texts?.get(early.text), texts?.get(late.text)];
  const letter = world.people.letters.find(({ isPoisoned }) => !isPoisoned);
  const key = `${letter?.shop.id} ${letter?.id}`;
  if (!texts || !first || !second || !letter) throw new Error('there is nothing to spoil');
  switch (how) {
    case 'lose':
      texts.delete(early.text);
      break;
    case 'double':
      first.ids.add('3EB0ANOTHER');
      break;
    case 'overtake':
      texts.set(early.text, { ...first, place: second.place });
      texts.set(late.text, { ...second, place: first.place });
      break;
    case 'clean':
      cleaned.push('org_id_1: session_cleaned');
      break;
    case 'tell twice':
      told.set(key, 2);
      break;
    case 'tell not':
      told.delete(key);
      break;
  }
}

/** Two messages of one organization to one customer, the one accepted before the other was asked for. */
function inOrder({ people, askedForAgain, hadNoKeys }: World, shown: Witness['shown']): [Order, Order] {
  const plain = people.orders.filter(
    ({ customer, text, messageId, options }) =>
      !hadNoKeys.has(customer) &&
      options.sendInMs === undefined &&
      !askedForAgain.has(messageId ?? '') &&
      shown.get(customer)?.has(text),
  );
  for (const late of plain) {
    const early = plain.find(
      ({ shop, customer, acceptedAt }) =>
        shop === late.shop && customer === late.customer && (acceptedAt ?? Infinity) < late.askedAt,
    );
    if (early) return [early, late];
  }
  throw new Error('there are no two messages in order');
}

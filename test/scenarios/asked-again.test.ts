import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a customer’s phone that cannot read a message', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  /** After a message that it could read it has lost its sessions, as after a reinstallation. */
  async function unreadable(): Promise<string> {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    // Its answer makes the session an established one: the next message does not begin it anew.
    await stage.receive(PHONE, CUSTOMER);
    stage.whatsapp.customer(CUSTOMER).forgetSessions(PHONE);
    return stage.text();
  }

  async function readInTheEnd(text: string): Promise<void> {
    const { body } = await stage.api.send('2', CUSTOMER, text);
    expect(body).toMatchObject({ success: true });
    const customer = stage.whatsapp.customer(CUSTOMER);
    const { id } = await customer.receivedText(text);
    expect(id).toBe(body.message_id);
    expect(customer.unreadable.length).toBeGreaterThan(0);
    expect(
      new Set(customer.messages.filter((message) => message.text === text).map((message) => message.id)).size,
    ).toBe(1);
    expect((await stage.api.status('2')).body.health.verdict).toBe('healthy');
  }

  it('gets it, although WhatsApp has no keys of it at that moment', async () => {
    const text = await unreadable();
    stage.whatsapp.customer(CUSTOMER).keysOf(0, 'refused');
    await readInTheEnd(text);
  });

  it('gets it, although WhatsApp does not answer the question for its keys', async () => {
    const text = await unreadable();
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'keys', 'error', { code: 500 });
    await readInTheEnd(text);
  });

  it('gets it, although the connection ends four times before the copy is out', async () => {
    const text = await unreadable();
    let passed = 0;
    const off = stage.whatsapp.tap(({ direction, number, stanza }) => {
      if (direction !== 'in' || number !== PHONE || stanza.tag !== 'message') return undefined;
      passed += 1;
      return passed > 1 && passed <= 5 ? 'lose' : undefined;
    });
    await readInTheEnd(text);
    off();
    expect(passed).toBeGreaterThan(5);
  });
});

import { expect, test } from 'vitest';
import type { PassingStanza } from './emulator.js';
import { CUSTOMER, ORG, useStage } from './test-stage.js';

const stage = useStage();

test('a tap sees a message when it arrives, before its ack, and the ack when it has been written', async () => {
  const client = await stage.paired();
  const passing: string[] = [];
  const off = stage.whatsapp.tap(({ direction, number, stanza }: PassingStanza) => {
    const isOfMessage = stanza.tag === 'message' || (stanza.tag === 'ack' && stanza.attrs['class'] === 'message');
    if (isOfMessage) passing.push(`${number} ${direction} ${stanza.tag} ${stage.whatsapp.record.totals.messages}`);
  });
  await client.socket.sendMessage(`${CUSTOMER}@s.whatsapp.net`, { text: 'uno' });
  await stage.whatsapp.customer(CUSTOMER).receivedText('uno');
  expect(passing.slice(0, 2)).toEqual([`${ORG} in message 0`, `${ORG} out ack 1`]);
  off();
  await client.socket.sendMessage(`${CUSTOMER}@s.whatsapp.net`, { text: 'dos' });
  await stage.whatsapp.customer(CUSTOMER).receivedText('dos');
  expect(passing).toHaveLength(2);
});

test('a stanza that a tap loses never arrived, and its connection is gone', async () => {
  const client = await stage.paired();
  const off = stage.whatsapp.tap(({ direction, stanza }) =>
    direction === 'in' && stanza.tag === 'message' ? 'lose' : undefined,
  );
  void client.socket.sendMessage(`${CUSTOMER}@s.whatsapp.net`, { text: 'uno' }).catch(() => undefined);
  expect(await client.ended(2)).toMatchObject({ code: 428 });
  expect(stage.whatsapp.record.messages).toEqual([]);
  off();
});

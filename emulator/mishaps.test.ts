import { expect, test } from 'vitest';
import { CUSTOMER, ORG, OTHER_ORG, useStage } from './test-stage.js';

const stage = useStage();
const FAST = { connectTimeoutMs: 300, keepAliveIntervalMs: 100 };

const STREAM_ERRORS = [
  ['ack', {}, 'Stream Errored (ack)', 500],
  ['conflict', { attrs: { type: 'replaced' } }, 'Stream Errored (conflict)', 440],
  ['conflict', { code: 401, attrs: { type: 'device_removed' } }, 'Stream Errored (conflict)', 401],
  ['', { code: 503 }, 'Stream Errored (unknown)', 503],
  ['', { code: 515 }, 'Stream Errored (restart required)', 515],
  ['xml-not-well-formed', {}, 'Stream Errored (xml-not-well-formed)', 500],
] as const;

test('stream errors by tag, code and attributes, on the live connection', async () => {
  const client = await stage.paired();
  expect(stage.whatsapp.mishaps.streamError(OTHER_ORG, 'ack')).toBe(0);
  for (const [tag, options, text, code] of STREAM_ERRORS) {
    const ending = client.endings.length + 1;
    expect(stage.whatsapp.mishaps.streamError(ORG, tag, options)).toBe(1);
    expect(await client.ended(ending)).toMatchObject({ text, code });
    client.connect();
    await client.open();
  }
});

test('stream errors at the next logins, at once and after the connection opened', async () => {
  const client = await stage.paired();
  client.close();
  await client.ended(2);
  stage.whatsapp.mishaps.streamErrorAtLogin(ORG, 'ack', { times: 2 });
  for (const ending of [3, 4]) {
    client.connect();
    expect(await client.ended(ending)).toMatchObject({ text: 'Stream Errored (ack)', code: 500 });
  }
  // WhatsApp answers a little before the client calls itself open, and a busy client needs some time for that.
  stage.whatsapp.mishaps.streamErrorAtLogin(ORG, 'ack', { afterOpenMs: 1000 });
  client.connect();
  await client.open();
  expect(await client.ended(5)).toMatchObject({ text: 'Stream Errored (ack)', code: 500 });
  client.connect();
  await client.open();
  await client.send(CUSTOMER, 'all well');
});

test('failures at login, with their attributes, and then none', async () => {
  const client = await stage.paired();
  client.close();
  await client.ended(2);
  stage.whatsapp.mishaps.failure(ORG, 402, { attrs: { expire: '3600', code: '101' } });
  stage.whatsapp.mishaps.failure('*', 405, { times: 2 });
  client.connect();
  const banned = await client.ended(3);
  expect(banned).toMatchObject({ text: 'Connection Failure', code: 402, data: { expire: '3600', code: '101' } });
  for (const ending of [4, 5]) {
    client.connect();
    expect(await client.ended(ending)).toMatchObject({ text: 'Connection Failure', code: 405 });
  }
  client.connect();
  await client.open();
  expect(stage.whatsapp.record.failedLogins.map(({ reason }) => reason)).toEqual(['402', '405', '405']);
});

test('what had waited comes without being announced: Baileys says open, and never that it has it all', async () => {
  const client = await stage.paired();
  client.close();
  await client.ended(2);
  await stage.whatsapp.customer(CUSTOMER).write(ORG, 'while it was away');
  stage.whatsapp.mishaps.oddHandOver(ORG, 'unannounced');
  client.connect();
  await client.open();
  await stage.whatsapp.record.until(({ receipts }) => receipts.length > 0);
  expect(client.state.receivedPendingNotifications).toBe(false);
});

test('TCP cut and stream end', async () => {
  const client = await stage.paired();
  expect(stage.whatsapp.mishaps.cut(ORG)).toBe(1);
  expect(await client.ended(2)).toMatchObject({ text: 'Connection Terminated', code: 428 });
  client.connect();
  await client.open();
  stage.whatsapp.mishaps.endStream(ORG);
  expect(await client.ended(3)).toMatchObject({ text: 'Connection Terminated by Server', code: 428 });
});

test('half-open silence: nothing gets through, and a new login works', async () => {
  const client = await stage.paired();
  const messages = stage.whatsapp.record.totals.messages;
  expect(stage.whatsapp.mishaps.silence(ORG)).toBe(1);
  // Its query is never answered; nobody waits for it.
  client.send(CUSTOMER, 'into the void').catch(() => undefined);
  client.connect();
  await client.open();
  await client.send(CUSTOMER, 'heard');
  await stage.whatsapp.customer(CUSTOMER).receivedText('heard');
  expect(stage.whatsapp.record.totals.messages).toBe(messages + 1);
  expect(stage.whatsapp.record.maxConcurrentConnections(client.jid)).toBe(1);
});

test('a silence that ends: everything that was held comes through', async () => {
  const client = await stage.paired();
  stage.whatsapp.mishaps.silence(ORG);
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.write(ORG, 'held');
  expect(client.texts()).toEqual([]);
  stage.whatsapp.mishaps.endSilence(ORG);
  await client.reads('held');
});

test('a handshake without an answer, and a port that is closed', async () => {
  stage.whatsapp.mishaps.silentHandshake();
  const client = stage.client(FAST);
  // The closing handshake stays unanswered as well: whoever waits for it waits 30 s.
  await stage.whatsapp.record.until(({ upgrades }) => upgrades === 1);
  await stage.whatsapp.mishaps.refuseConnections();
  const refused = stage.client(FAST);
  const ending = await refused.ended();
  expect(ending.code).toBe(408);
  expect(ending.text).toMatch(/^WebSocket Error \(connect ECONNREFUSED/);
  await stage.whatsapp.mishaps.refuseConnections(false);
  refused.connect();
  await refused.qr();
  await stage.whatsapp.mishaps.clear();
  await client.until(() => client.endings.length > 0 || client.qrs.length > 0, 'the held handshake');
});

test('an upgrade that is refused with 503', async () => {
  stage.whatsapp.mishaps.rejectUpgrade(503);
  const client = stage.client(FAST);
  const statuses: number[] = [];
  client.socket.ws.on('unexpected-response', (_request: unknown, response: { statusCode: number }) => {
    statuses.push(response.statusCode);
  });
  expect(await client.ended()).toMatchObject({
    text: 'WebSocket Error (Opening handshake has timed out)',
    code: 408,
  });
  expect(statuses).toEqual([503]);
  client.connect();
  await client.qr();

  // When the server also closes TCP, Baileys never ends by itself: only `unexpected-response` tells.
  stage.whatsapp.mishaps.rejectUpgrade(429, 1, { close: true });
  const stuck = stage.client(FAST);
  stuck.socket.ws.on('unexpected-response', (_request: unknown, response: { statusCode: number }) => {
    statuses.push(response.statusCode);
    stuck.changes.notify();
  });
  await stuck.until(() => statuses.length === 2, 'the refusal');
  expect(statuses[1]).toBe(429);
});

test('mute queries', async () => {
  const client = await stage.paired(ORG, { defaultQueryTimeoutMs: 200 });
  stage.whatsapp.mishaps.muteQueries(ORG, { xmlns: 'usync' });
  expect(await client.socket.onWhatsApp(CUSTOMER)).toBeUndefined();
  await expect(client.socket.fetchBlocklist()).resolves.toEqual([]);
  stage.whatsapp.mishaps.muteQueries(ORG, { on: false });
  expect(await client.socket.onWhatsApp(CUSTOMER)).toHaveLength(1);
});

test('acks withheld, delayed and refused', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  const acks: { id: string | undefined; error: string | undefined }[] = [];
  client.socket.ws.on('CB:ack,class:message', ({ attrs }: { attrs: Record<string, string> }) => {
    acks.push({ id: attrs['id'], error: attrs['error'] });
    client.changes.notify();
  });
  stage.whatsapp.mishaps.withholdAcks(ORG);
  await client.send(CUSTOMER, 'unacknowledged');
  await customer.received(1);
  expect(stage.whatsapp.record.messages.at(-1)?.acked).toBe('withheld');
  stage.whatsapp.mishaps.withholdAcks(ORG, false);

  stage.whatsapp.mishaps.delayAcks(ORG, 30);
  const delayed = await client.send(CUSTOMER, 'late');
  await stage.whatsapp.record.until(({ messages }) => messages.at(-1)?.acked === 'delayed');
  await client.until(() => acks.length === 1, 'the late ack');
  expect(acks).toEqual([{ id: delayed, error: undefined }]);
  stage.whatsapp.mishaps.delayAcks(ORG, 0);

  stage.whatsapp.mishaps.refuseAcks(ORG, 463);
  const refused = await client.send(CUSTOMER, 'refused');
  await client.until(() => acks.some(({ id, error }) => id === refused && error === '463'), 'the refusal');
  await client.send(CUSTOMER, 'accepted');
  await customer.receivedText('accepted');
  expect(customer.messages.map(({ text }) => text)).not.toContain('refused');
});

test('a message to which only a plain ack does not end the stream', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  stage.whatsapp.mishaps.poisonFrom(ORG, CUSTOMER, { named: true });
  const { id } = await customer.write(ORG, 'poison');
  // Baileys reads it and sends its receipt.
  expect(await client.ended(2)).toMatchObject({
    text: 'Stream Errored (ack)',
    data: { attrs: { class: 'message', id } },
  });
  expect(stage.whatsapp.record.receipts.filter((receipt) => receipt.id === id)).toEqual([]);
  client.connect();
  const { ws, sendMessageAck } = client.socket;
  ws.removeAllListeners('CB:message');
  ws.on('CB:message', (node: Parameters<typeof sendMessageAck>[0]) => void sendMessageAck(node));
  await stage.whatsapp.record.until(({ acks }) => acks.some((ack) => ack.id === id));
  await client.open();
});

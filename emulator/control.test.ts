import { expect, test } from 'vitest';
import { CUSTOMER, ORG, useStage } from './test-stage.js';

const stage = useStage({ control: true });

async function call(method: string, path: string, body?: string): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${stage.whatsapp.controlUrl}${path}`, { method, body });
  const text = await response.text();
  return { status: response.status, answer: text.startsWith('{') ? JSON.parse(text) : text };
}

test('a phone scans, a customer writes and reads, mishaps strike, the record tells', async () => {
  const client = stage.client();
  const scanned = await call('POST', `/admin/mock-phone/scan-qr?phone=${ORG}`, await client.qr());
  expect(scanned).toEqual({ status: 200, answer: { deviceJid: `${ORG}:1@s.whatsapp.net` } });
  await client.ended(1);
  client.connect();
  await client.open();

  const written = await call('POST', `/admin/customers/${CUSTOMER}/write`, JSON.stringify({ to: ORG, text: 'hello' }));
  expect(written.status).toBe(200);
  await client.reads('hello');
  await client.send(CUSTOMER, 'good day');
  await stage.whatsapp.customer(CUSTOMER).received(1);
  expect(await call('GET', `/admin/customers/${CUSTOMER}/messages`)).toMatchObject({
    answer: { messages: [{ text: 'good day', from: ORG }], unreadable: [] },
  });
  expect(await call('GET', '/admin/record')).toMatchObject({ answer: { totals: { messages: 1, logins: 1 } } });

  const struck = await call('POST', '/admin/mishaps/streamError', JSON.stringify({ org: ORG, tag: 'ack' }));
  expect(struck).toEqual({ status: 200, answer: { connections: 1 } });
  expect(await client.ended(2)).toMatchObject({ text: 'Stream Errored (ack)' });
  client.connect();
  await client.open();
  expect(await call('POST', `/admin/phones/${ORG}/unlink`)).toEqual({ status: 200, answer: { devices: [] } });
  expect(await client.ended(3)).toMatchObject({ code: 401 });
});

test('a phone is in busy chats, its owner answers, histories and settings come, a customer edits', async () => {
  const client = await stage.paired();
  const post = (path: string, body: object) => call('POST', path, JSON.stringify(body));
  const phone = `/admin/phones/${ORG}`;
  for (const kind of ['group', 'status', 'list', 'channel'])
    expect(await post(`${phone}/bustle`, { kind, messages: 6, members: 3 })).toMatchObject({ answer: { messages: 6 } });
  await client.until(() => client.messages.length === 24, '24 messages');
  await post(`${phone}/answer`, { to: CUSTOMER, text: 'by hand' });
  await post(`${phone}/answer`, { to: CUSTOMER, text: 'in the browser', browser: true });
  await client.reads('in the browser');
  expect((await post(`${phone}/settings`, {})).status).toBe(200);
  const written = await post(`/admin/customers/${CUSTOMER}/write`, { to: ORG, text: 'at three' });
  const { id } = written.answer as { id: string };
  const change = { to: ORG, what: 'revoke', id };
  expect((await post(`/admin/customers/${CUSTOMER}/change`, change)).status).toBe(200);
  expect(await post(`${phone}/bustle`, { kind: 'crowd' })).toMatchObject({ status: 400 });
  expect(await post(`${phone}/bustle`, { kind: 'group', messages: 0 })).toMatchObject({ status: 400 });
  expect(await call('GET', '/admin/media')).toMatchObject({ answer: { downloads: 0, uploads: 0 } });
  expect(client.stubs()).toEqual([]);
});

test('a pairing code is typed in', async () => {
  const client = stage.client();
  await client.qr();
  const code = await client.socket.requestPairingCode(ORG);
  await stage.whatsapp.phone(ORG).waitForPairingCodeRequest();
  expect(await call('POST', `/admin/phones/${ORG}/pairing-code`, JSON.stringify({ code }))).toMatchObject({
    status: 200,
  });
  await client.ended(1);
});

test.each([
  ['POST', '/admin/mock-phone/scan-qr', 'nonsense', 400, 'not a QR code'],
  ['POST', '/admin/mock-phone/scan-qr?phone=abc', 'a,b,c,d', 400, 'not a phone number'],
  ['POST', `/admin/customers/${CUSTOMER}/write`, '{', 400, 'not JSON'],
  ['POST', `/admin/customers/${CUSTOMER}/write`, '{"to":1}', 400, '"to" must be a text'],
  ['POST', '/admin/mishaps/earthquake', '{}', 400, 'no mishap'],
  ['POST', '/admin/mishaps/badMac', '{"count":3}', 400, 'no field "count"'],
  ['POST', '/admin/mishaps/badMac', '{"n":"3"}', 400, 'must be a number'],
  ['POST', '/admin/mishaps/badMac', '{"n":-1}', 400, 'positive number'],
  ['POST', '/admin/phones/573001112233/pairing-code', 'ABCDEFGH', 400, 'nobody asked'],
  ['GET', '/admin/mishaps/badMac', undefined, 405, 'no such route'],
  ['GET', '/elsewhere', undefined, 404, 'no such route'],
])('%s %s %s is refused', async (method, path, body, status, text) => {
  const refused = await call(method, path, body);
  expect(refused.status).toBe(status);
  expect((refused.answer as { error: string }).error).toContain(text);
});

test('the list of routes and of mishaps', async () => {
  expect((await call('GET', '/')).answer).toContain('/admin/mock-phone/scan-qr');
  expect((await call('GET', '/admin/mishaps')).answer).toHaveProperty('badMac');
});

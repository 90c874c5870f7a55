import { Curve } from '@whiskeysockets/baileys';
import QRCode from 'qrcode';
import { expect, test } from 'vitest';
import { TestClient } from './test-client.js';
import { ORG, useStage } from './test-stage.js';

const stage = useStage();

test('a client pairs by QR text, is restarted with 515 and logs in', async () => {
  const client = stage.client();
  const paired = await stage.whatsapp.phone(ORG).scanQr(await client.qr());
  expect(await client.ended(1)).toMatchObject({ text: 'Stream Errored (restart required)', code: 515 });
  client.connect();
  await client.open();
  expect(paired.deviceJid).toBe(`${ORG}:1@s.whatsapp.net`);
  expect(client.jid).toBe(paired.deviceJid);
  expect(client.auth.creds.me?.lid).toBe(`${stage.whatsapp.phone(ORG).lidUser}:1@lid`);
  expect(stage.whatsapp.phone(ORG).devices()).toMatchObject([{ jid: paired.deviceJid, connected: true }]);
  expect(stage.whatsapp.record.logins).toMatchObject([{ org: ORG, deviceJid: paired.deviceJid }]);
  expect(stage.whatsapp.record.registrations).toMatchObject([{ org: ORG, how: 'qr' }]);
});

test('a client pairs by the picture of its QR', async () => {
  const client = stage.client();
  const picture = await QRCode.toBuffer(await client.qr());
  await stage.whatsapp.phone(ORG).scanQrPicture(picture);
  await client.ended(1);
  client.connect();
  await client.open();
  await expect(stage.whatsapp.phone(ORG).scanQrPicture('data:image/png;base64,AAAA')).rejects.toThrow('not a PNG');
});

test('a client pairs by code; a wrong code is refused', async () => {
  const phone = stage.whatsapp.phone(ORG);
  const client = stage.client();
  await client.qr();
  const code = await client.socket.requestPairingCode(ORG);
  await phone.waitForPairingCodeRequest();
  await phone.enterPairingCode(`${code.slice(0, 4)}-${code.slice(4)}`);
  await client.ended(1);
  client.connect();
  await client.open();
  expect(stage.whatsapp.record.registrations).toMatchObject([{ org: ORG, how: 'pairing-code' }]);

  const other = stage.client();
  await other.qr();
  await other.socket.requestPairingCode(ORG);
  await phone.waitForPairingCodeRequest();
  await expect(phone.enterPairingCode('AAAAAAAA')).rejects.toThrow('wrong pairing code');
  await expect(phone.enterPairingCode('AAAA')).rejects.toThrow('8 characters');
});

test('a QR with other keys, of nobody, or of no WhatsApp is refused, and the registration stays open', async () => {
  const phone = stage.whatsapp.phone(ORG);
  const client = stage.client();
  const qr = await client.qr();
  const [prefix, parts] = [qr.split('#')[0], (qr.split('#')[1] ?? '').split(',')];
  const foreign = Buffer.from(Curve.generateKeyPair().public).toString('base64');
  const altered = (index: number, value: string) =>
    `${prefix}#${parts.map((p, i) => (i === index ? value : p)).join(',')}`;
  await expect(phone.scanQr(altered(1, foreign))).rejects.toThrow('noise key');
  await expect(phone.scanQr(altered(2, foreign))).rejects.toThrow('identity key');
  await expect(phone.scanQr(altered(0, '2@nobody'))).rejects.toThrow('no open registration');
  await expect(phone.scanQr('https://example.org')).rejects.toThrow('not a QR code');
  // Without the prefix, as older clients show it.
  await phone.scanQr(parts.join(','));
  await client.ended(1);
  await expect(phone.scanQr(qr)).rejects.toThrow('no open registration');
});

test('a QR that has expired is refused', async () => {
  await stage.restart({ qrRefTtlMs: 1 });
  const client = stage.client();
  const qr = await client.qr();
  await expect.poll(() => Date.now(), { interval: 5 }).toBeGreaterThan(Date.now());
  await expect(stage.whatsapp.phone(ORG).scanQr(qr)).rejects.toThrow('expired');
});

test('nobody scans: the refs end', async () => {
  const client = stage.client({ qrTimeout: 5 });
  expect(await client.ended()).toMatchObject({ text: 'QR refs attempts ended', code: 408 });
  expect(client.qrs).toHaveLength(6);
});

test('a login with another noise key is refused with 401', async () => {
  const client = await stage.paired();
  const thief = new TestClient(stage.whatsapp, client.auth);
  expect(await client.ended(2)).toMatchObject({ text: 'Stream Errored (conflict)', code: 440 });
  await thief.open();
  thief.close();
  Object.assign(client.auth.creds, { noiseKey: Curve.generateKeyPair() });
  client.connect();
  expect(await client.ended(3)).toMatchObject({ text: 'Connection Failure', code: 401 });
  expect(stage.whatsapp.record.maxConcurrentConnections(client.jid)).toBe(2);
});

test('unlinked by the phone: told at once, refused at the next login, paired anew as another device', async () => {
  const client = await stage.paired();
  await stage.whatsapp.phone(ORG).unlink();
  expect(await client.ended(2)).toMatchObject({ text: 'Stream Errored (conflict)', code: 401 });
  client.connect();
  expect(await client.ended(3)).toMatchObject({ text: 'Connection Failure', code: 401 });
  const again = await stage.paired();
  expect(again.jid).toBe(`${ORG}:2@s.whatsapp.net`);
  await expect(stage.whatsapp.phone(ORG).unlink('1@s.whatsapp.net')).rejects.toThrow('no linked device');
});

test('unlinked by the service: its logout takes the device off the phone', async () => {
  const client = await stage.paired();
  await client.socket.logout();
  await stage.whatsapp.record.until(({ unlinked }) => unlinked.length === 1);
  expect(stage.whatsapp.record.unlinked).toMatchObject([{ org: ORG, by: 'service' }]);
  expect(stage.whatsapp.phone(ORG).devices()).toEqual([]);
});

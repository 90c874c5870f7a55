import { randomBytes } from 'node:crypto';
import { proto, type AnyMessageContent, type GroupMetadata, type WAMessage } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import type { TestClient } from './test-client.js';
import { CUSTOMER, ORG, OTHER_ORG, useStage } from './test-stage.js';

const stage = useStage();
/** Could not be read. */
const { CIPHERTEXT } = proto.WebMessageInfo.StubType;
const THIRD_ORG = '573001112255';
const pn = (number: string) => `${number}@s.whatsapp.net`;
const lid = (number: string) => stage.whatsapp.phone(number).lid;

/** What a client is told from now on. */
function listen(client: TestClient) {
  const heard = { messages: [] as WAMessage[], groups: [] as GroupMetadata[], changes: [] as string[] };
  const { ev } = client.socket;
  ev.on('messages.upsert', ({ messages }) => {
    heard.messages.push(...messages);
    client.changes.notify();
  });
  ev.on('groups.upsert', (groups) => {
    heard.groups.push(...groups);
    client.changes.notify();
  });
  ev.on('group-participants.update', ({ action, participants }) => {
    heard.changes.push(`${action} ${participants.map(({ id }) => id).join(' ')}`);
    client.changes.notify();
  });
  ev.on('groups.update', (updates) => {
    for (const { id: _, author: _author, ...update } of updates as Record<string, unknown>[])
      heard.changes.push(
        JSON.stringify(update, ['subject', 'desc', 'announce', 'restrict', 'inviteCode', 'memberAddMode']),
      );
    client.changes.notify();
  });
  return heard;
}

/** A group of two organizations and a customer, made by the first. */
async function together() {
  const [one, two] = [await stage.paired(ORG, { pushName: 'One' }), await stage.paired(OTHER_ORG, { pushName: 'Two' })];
  stage.whatsapp.customer(CUSTOMER);
  const [first, second] = [listen(one), listen(two)];
  const { id } = await one.socket.groupCreate('Neighbours', [pn(OTHER_ORG), pn(CUSTOMER)]);
  await two.until(() => second.groups.some((group) => group.id === id), 'the new group');
  const hears = async (by: TestClient, content: AnyMessageContent, quoted?: WAMessage) => {
    const [other, told] = by === one ? [two, second] : [one, first];
    const { key } = (await by.socket.sendMessage(id, content, quoted && { quoted })) as WAMessage;
    const find = () => told.messages.find((message) => message.key.id === key.id && message.message);
    await other.until(() => find() !== undefined, 'a message of the group');
    return find() as WAMessage;
  };
  return { one, two, first, second, id, hears };
}

test('a group is made; texts go both ways with sender keys, to customers too, and receipts come back', async () => {
  const { one, two, first, second, id, hears } = await together();
  // Baileys' event buffer may merge a receipt into the message itself.
  const receipts = new Set<string | undefined>();
  stage.whatsapp.tap(({ direction, number, stanza: { tag, attrs } }) => {
    if (direction === 'out' && number === ORG && tag === 'receipt' && attrs['from'] === id)
      receipts.add(attrs['participant']);
  });
  const hello = await hears(one, { text: 'hello all' });
  expect(hello).toMatchObject({
    pushName: 'One',
    key: { remoteJid: id, participant: expect.stringContaining('@lid'), participantAlt: pn(ORG), fromMe: false },
  });
  await hears(one, { text: 'once more' });
  await hears(two, { text: 'hello back' });
  const customer = stage.whatsapp.customer(CUSTOMER);
  expect((await customer.received(3)).map(({ from, text, chat }) => [from, text, chat])).toEqual([
    [ORG, 'hello all', id],
    [ORG, 'once more', id],
    [OTHER_ORG, 'hello back', id],
  ]);
  await stage.whatsapp.record.until(() => receipts.size === 2);
  expect(receipts).toEqual(new Set([lid(OTHER_ORG), stage.whatsapp.customer(CUSTOMER).lid]));
  await stage.whatsapp.group(id).write(CUSTOMER, 'from the customer');
  for (const client of [one, two]) await client.reads('from the customer');
  for (const { messages } of [first, second])
    expect(messages.filter(({ messageStubType }) => messageStubType === CIPHERTEXT)).toEqual([]);
  expect(stage.whatsapp.record.unreadable).toEqual([]);
});

test('mentions, replies, reactions, changes, polls and media within a group; and messages taken back', async () => {
  const { one, two, hears } = await together();
  const text = await hears(one, { text: 'at three, @you?', mentions: [lid(OTHER_ORG)] });
  expect(text.message?.extendedTextMessage?.contextInfo?.mentionedJid).toEqual([lid(OTHER_ORG)]);
  const reply = await hears(two, { text: 'yes' }, text);
  expect(reply.message?.extendedTextMessage?.contextInfo?.stanzaId).toBe(text.key.id);
  const reaction = await hears(two, { react: { text: '👍', key: text.key } });
  expect(reaction.message?.reactionMessage).toMatchObject({ text: '👍', key: { id: text.key.id } });
  const mine = { ...text.key, fromMe: true, participant: undefined };
  const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type;
  const change = await hears(one, { text: 'at four', edit: mine });
  expect((change.message?.editedMessage?.message ?? change.message)?.protocolMessage?.type).toBe(MESSAGE_EDIT);
  const poll = await hears(one, { poll: { name: 'When?', values: ['three', 'four'], selectableCount: 1 } });
  expect(poll.message?.pollCreationMessageV3?.name).toBe('When?');
  const file = randomBytes(5_000);
  expect((await two.download(await hears(one, { image: file }))).equals(file)).toBe(true);
  const gone = await hears(one, { delete: mine });
  expect(gone.message?.protocolMessage).toMatchObject({ type: REVOKE, key: { id: text.key.id } });
});

test('somebody is added, made an administrator and not, removed, comes back by invitation and leaves', async () => {
  const { one, two, second, id } = await together();
  const third = await stage.paired(THIRD_ORG);
  const seen = listen(third);
  const change = async (action: 'add' | 'remove' | 'promote' | 'demote', number: string) =>
    (await one.socket.groupParticipantsUpdate(id, [pn(number)], action)).map(({ status }) => status);
  const roles = async () =>
    Object.fromEntries(
      (await one.socket.groupMetadata(id)).participants.map((one) => [one.phoneNumber, one.admin ?? null]),
    );
  expect(await change('add', THIRD_ORG)).toEqual(['200']);
  await third.until(() => seen.groups.some((group) => group.id === id), 'the group');
  await one.send(id, 'welcome');
  for (const client of [two, third]) await client.reads('welcome');
  expect(await change('add', THIRD_ORG)).toEqual(['409']);
  expect(await change('promote', OTHER_ORG)).toEqual(['200']);
  expect(await roles()).toEqual({
    [pn(ORG)]: 'superadmin',
    [pn(OTHER_ORG)]: 'admin',
    [pn(CUSTOMER)]: null,
    [pn(THIRD_ORG)]: null,
  });
  expect(await change('demote', OTHER_ORG)).toEqual(['200']);
  await expect(two.socket.groupParticipantsUpdate(id, [pn(THIRD_ORG)], 'remove')).rejects.toThrow('forbidden');
  expect(await change('remove', THIRD_ORG)).toEqual(['200']);
  await one.send(id, 'among us');
  await two.reads('among us');
  await expect(third.socket.groupMetadata(id)).rejects.toThrow('forbidden');
  const code = (await one.socket.groupInviteCode(id)) ?? '';
  expect((await third.socket.groupGetInviteInfo(code)).subject).toBe('Neighbours');
  expect(await third.socket.groupAcceptInvite(code)).toBe(id);
  await two.send(id, 'again');
  await third.reads('again');
  // What was said while it was away never came.
  expect(third.texts()).toEqual(['welcome', 'again']);
  await third.socket.groupLeave(id);
  expect(Object.keys(await roles())).toHaveLength(3);
  await two.until(() => second.changes.length >= 6, 'what happened');
  expect(second.changes).toEqual([
    `add ${lid(THIRD_ORG)}`,
    ...['promote', 'demote'].map((action) => `${action} ${lid(OTHER_ORG)}`),
    ...['remove', 'add', 'remove'].map((action) => `${action} ${lid(THIRD_ORG)}`),
  ]);
  await one.socket.groupRevokeInvite(id);
  await expect(third.socket.groupAcceptInvite(code)).rejects.toThrow('not-acceptable');
});

test('subject, description and settings; and who may not write or change', async () => {
  const { one, two, second, id } = await together();
  await one.socket.groupUpdateSubject(id, 'Friends');
  await one.socket.groupUpdateDescription(id, 'Who lives here');
  await one.socket.groupUpdateDescription(id, 'Who lived here');
  await one.socket.groupSettingUpdate(id, 'announcement');
  await one.socket.groupSettingUpdate(id, 'locked');
  await one.socket.groupMemberAddMode(id, 'all_member_add');
  await one.socket.groupToggleEphemeral(id, 86400);
  expect(await two.socket.groupMetadata(id)).toMatchObject({
    ...{ id, subject: 'Friends', desc: 'Who lived here', announce: true, restrict: true, memberAddMode: true },
    ...{ addressingMode: 'lid', ephemeralDuration: 86400, size: 3, owner: lid(ORG) },
  });
  expect(Object.keys(await two.socket.groupFetchAllParticipating())).toEqual([id]);
  await two.until(() => second.changes.includes('{"memberAddMode":true}'), 'the changes');
  expect(second.changes).toEqual(
    expect.arrayContaining([
      '{"subject":"Friends"}',
      '{"desc":"Who lived here"}',
      '{"announce":true}',
      '{"restrict":true}',
    ]),
  );
  await expect(two.socket.groupUpdateSubject(id, 'Mine')).rejects.toThrow('forbidden');
  await two.send(id, 'may I?');
  await stage.whatsapp.record.until(({ messages }) =>
    messages.some(({ org, acked }) => org === OTHER_ORG && acked === 403),
  );
  expect(stage.whatsapp.customer(CUSTOMER).messages.filter(({ text }) => text)).toEqual([]);
});

test('who asks to come in waits for an administrator', async () => {
  const { one, id } = await together();
  const third = await stage.paired(THIRD_ORG);
  const seen = listen(third);
  await one.socket.groupJoinApprovalMode(id, 'on');
  await third.socket.groupAcceptInvite((await one.socket.groupInviteCode(id)) ?? '');
  expect((await one.socket.groupRequestParticipantsList(id)).map(({ jid }) => jid)).toEqual([lid(THIRD_ORG)]);
  expect(await one.socket.groupRequestParticipantsUpdate(id, [lid(THIRD_ORG)], 'approve')).toEqual([
    { status: '200', jid: lid(THIRD_ORG) },
  ]);
  await third.until(() => seen.groups.length === 1, 'the group');
});

test.each(['lid', 'pn'] as const)(
  'a client that has lost its sender keys asks again, in a group by %s',
  async (addressing) => {
    const one: TestClient = await stage.paired(ORG, {
      getMessage: async ({ id }) => one.messages.find(({ key }) => key.id === id)?.message ?? undefined,
    });
    const two = await stage.paired(OTHER_ORG);
    const jid = '120363000000000007@g.us';
    stage.whatsapp.group(jid, { phones: [ORG, OTHER_ORG], members: [CUSTOMER], addressing });
    await one.send(jid, 'first');
    await two.reads('first');
    for (const key of two.auth.stored.keys()) if (key.startsWith('sender-key:')) two.auth.stored.delete(key);
    await one.send(jid, 'second');
    await two.reads('second');
    expect(stage.whatsapp.record.receipts.filter(({ type }) => type === 'retry')).toMatchObject([
      { org: OTHER_ORG, to: jid },
    ]);
  },
);

test('a client that has lost its sender keys asks a customer of the group again, and reads on', async () => {
  const client = await stage.paired();
  const group = stage.whatsapp.group('120363000000000008@g.us', { phones: [ORG], members: [CUSTOMER] });
  await group.write(CUSTOMER, 'first');
  await client.reads('first');
  for (const key of client.auth.stored.keys()) if (key.startsWith('sender-key:')) client.auth.stored.delete(key);
  await group.write(CUSTOMER, 'second');
  await client.reads('second');
  await group.write(CUSTOMER, 'third');
  await client.reads('third');
  expect(stage.whatsapp.record.receipts.filter(({ type }) => type === 'retry')).toHaveLength(1);
});

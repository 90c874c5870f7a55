import { encodeSignedDeviceIdentity, encodeWAMessage, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';

type Message = Parameters<typeof encodeWAMessage>[0];

/**
 * Sends a message that is on its way already to one more device of the customer, under the same id: the stanza with
 * which other clients answer a retry receipt (then with its `count`). Baileys' own (`relayMessage` with a
 * `participant`) carries the message twice, once under `participants`.
 */
export async function sendSingleCopy(
  { sock, messageId, device, count }: { sock: WASocket; messageId: string; device: string; count?: string },
  message: Message,
): Promise<void> {
  const { account } = sock.authState.creds;
  const { type, ciphertext } = await sock.signalRepository.encryptMessage({
    jid: device,
    data: encodeWAMessage(message),
  });
  const content: BinaryNode[] = [
    { tag: 'enc', attrs: { v: '2', type, ...(count !== undefined && { count }) }, content: ciphertext },
  ];
  if (type === 'pkmsg' && account) {
    content.push({ tag: 'device-identity', attrs: {}, content: encodeSignedDeviceIdentity(account, true) });
  }
  await sock.sendNode({
    tag: 'message',
    attrs: { id: messageId, to: device, type: 'text', device_fanout: 'false' },
    content,
  });
}

import { S_WHATSAPP_NET, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';
import { isClosedSocket, type SocketLife } from './socket-life.js';

/** As `WhatsAppSocket.unlink`. */
export async function unlink(sock: WASocket, life: SocketLife, deadlineMs: number): Promise<boolean> {
  const jid = sock.user?.id;
  if (!jid || life.isOver) return false;
  const request: BinaryNode = {
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, type: 'set', xmlns: 'md' },
    content: [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }],
  };
  const confirmed = new Promise<boolean>((resolve) => {
    // WhatsApp may end the connection before it answers; an end that says "unlinked" confirms it as well, and no
    // other does.
    life.whenUnlinked(() => resolve(true));
    sock.query(request).then(
      (answer: BinaryNode | undefined) => resolve(answer?.attrs.type === 'result'),
      (error: unknown) => {
        if (!isClosedSocket(error)) resolve(false);
      },
    );
  });
  const result = await life.withDeadline('unlink', confirmed, deadlineMs).catch(() => false);
  life.close();
  return result;
}

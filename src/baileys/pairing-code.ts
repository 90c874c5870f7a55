import { randomBytes } from 'node:crypto';
import {
  aesEncryptCTR,
  bytesToCrockford,
  derivePairingCodeKey,
  getBinaryNodeChild,
  getCompanionPlatformId,
  jidEncode,
  S_WHATSAPP_NET,
  type AuthenticationCreds,
  type BinaryNode,
  type WABrowserDescription,
  type WASocket,
} from '@whiskeysockets/baileys';
import { PairingCodeRefusedError } from '../session/whatsapp-socket.js';
import { errorOf } from './questions.js';

/**
 * Asks for a pairing code and gives it out only when WhatsApp has accepted the request. Baileys' own
 * `requestPairingCode` (lib/Socket/socket.js) sends the same stanza, but reads no answer: a code that WhatsApp refused
 * looks like any other. The phone's half and what follows stay Baileys' (`link_code_companion_reg` in
 * lib/Socket/messages-recv.js).
 */

type Sock = Pick<WASocket, 'sendNode' | 'waitForMessage' | 'generateMessageTag' | 'ev'>;

/**
 * @param phoneNumber digits
 * @returns 8 characters. From then on `creds` hold the code and the number, as Baileys wants them when the phone
 *   answers; before, and when it fails, they are untouched
 * @throws PairingCodeRefusedError
 */
export async function askForPairingCode(
  { sock, creds, browser }: { sock: Sock; creds: AuthenticationCreds; browser: WABrowserDescription },
  phoneNumber: string,
  deadlineMs: number,
): Promise<string> {
  const code = bytesToCrockford(randomBytes(5));
  const jid = jidEncode(phoneNumber, 's.whatsapp.net');
  const id = sock.generateMessageTag();
  const hello = await companionHello({ id, jid, code, creds, browser });
  // Listens before it speaks; a timeout resolves with nothing.
  const answered = sock.waitForMessage<BinaryNode | undefined>(id, deadlineMs);
  const [answer] = await Promise.all([answered, sock.sendNode(hello)]);
  if (!answer) throw new PairingCodeRefusedError('no_answer');
  const error = errorOf(answer);
  if (error) {
    const { code: errorCode, retryAfterMs } = error;
    throw new PairingCodeRefusedError(errorCode === 429 ? 'rate_limited' : 'refused', { errorCode, retryAfterMs });
  }
  const accepted = getBinaryNodeChild(answer, 'link_code_companion_reg');
  if (answer.attrs.type !== 'result' || !accepted || !getBinaryNodeChild(accepted, 'link_code_pairing_ref'))
    throw new PairingCodeRefusedError('no_answer');
  creds.pairingCode = code;
  creds.me = { id: jid, name: '~' };
  sock.ev.emit('creds.update', creds);
  return code;
}

interface Hello {
  readonly id: string;
  readonly jid: string;
  readonly code: string;
  readonly creds: AuthenticationCreds;
  readonly browser: WABrowserDescription;
}

/** `companion_hello`: this device's ephemeral key, encrypted with a key that only who knows the code can derive. */
async function companionHello({ id, jid, code, creds, browser }: Hello): Promise<BinaryNode> {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const key = await derivePairingCodeKey(code, salt);
  const wrapped = Buffer.concat([salt, iv, aesEncryptCTR(creds.pairingEphemeralKeyPair.public, key, iv)]);
  const part = (tag: string, content: Uint8Array | string): BinaryNode => ({ tag, attrs: {}, content });
  return {
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, type: 'set', id, xmlns: 'md' },
    content: [
      {
        tag: 'link_code_companion_reg',
        attrs: { jid, stage: 'companion_hello', should_show_push_notification: 'true' },
        content: [
          part('link_code_pairing_wrapped_companion_ephemeral_pub', wrapped),
          part('companion_server_auth_key_pub', creds.noiseKey.public),
          part('companion_platform_id', getCompanionPlatformId(browser)),
          part('companion_platform_display', `${browser[1]} (${browser[0]})`),
          part('link_code_pairing_nonce', '0'),
        ],
      },
    ],
  };
}

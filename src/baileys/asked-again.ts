import {
  areJidsSameUser,
  extractE2ESessionFromRetryReceipt,
  getBinaryNodeChild,
  type BinaryNode,
  type WASocket,
} from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { NotAnsweredError } from '../session/whatsapp-socket.js';
import { askForKeys, type KeyBundle } from './questions.js';
import { isChatOfMany } from './unused-traffic.js';

const HOUR = 3_600_000;
/** A phone asks five times for one message; more than this within an hour is no phone of WhatsApp's. */
const MOST_AN_HOUR = 20;
/** Tries on one connection; then WhatsApp offers the request again after the next login. */
const TRIES = 5;
const FIRST_WAIT_MS = 500;
/** Requests that wait for their next try at one time; those beyond are left to the next login. */
const MOST_UNDER_WAY = 100;

/** How often which device got which message again, by message id and jid. Outlives sockets. */
export type SentAgain = LRUCache<string, number>;

export function sentAgain(): SentAgain {
  return new LRUCache({ max: 2000, ttl: HOUR });
}

interface Parts {
  readonly sock: WASocket;
  readonly sentAgain: SentAgain;
  readonly isOver: () => boolean;
  readonly isKept: (messageId: string) => Promise<boolean>;
  /** Encrypts the message for this device and sends it, under its own id. */
  readonly sendTo: (messageId: string, device: string, count: string) => Promise<void>;
  /** Called before a request is acknowledged. */
  readonly onAnswer: (receipt: BinaryNode) => void;
  /** Resolves after so long, or when the socket ends. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * A customer's device could not read a message and asks for it again (`<receipt type="retry">`). Baileys asks WhatsApp
 * for that device's keys, for its whole list of devices, and when any of it is not answered the request is acknowledged
 * all the same, so that nobody ever comes back to it; it also counts each request twice, and a request that WhatsApp
 * repeats after a cut as another. Here the device alone gets a copy, what is not answered is tried again, and the
 * request is acknowledged when the copy has left. Until then WhatsApp keeps it.
 */
export class AskedAgain {
  private underWay = 0;

  constructor(private readonly parts: Parts) {}

  /** Whether this is such a request of a customer; those of the organization's own phone are answered by Baileys. */
  takes({ attrs }: BinaryNode): boolean {
    const { user } = this.parts.sock;
    const { from } = attrs;
    if (attrs.type !== 'retry' || !attrs.id || !from || attrs.recipient || isChatOfMany(from)) return false;
    return ![user?.id, user?.lid].some((own) => areJidsSameUser(own, from));
  }

  async answer(receipt: BinaryNode): Promise<void> {
    const { sock, isOver, onAnswer, wait } = this.parts;
    if (this.underWay >= MOST_UNDER_WAY) return;
    this.underWay += 1;
    try {
      for (let tries = 0; tries < TRIES && !isOver(); tries++) {
        if (tries > 0) await wait(FIRST_WAIT_MS * 2 ** (tries - 1));
        if (isOver()) return;
        if (!(await this.sendOnce(receipt).catch(() => false))) continue;
        onAnswer(receipt);
        return await sock.sendMessageAck(receipt);
      }
    } finally {
      this.underWay -= 1;
    }
  }

  /** True when there is nothing left to do. */
  private async sendOnce(receipt: BinaryNode): Promise<boolean> {
    const { sentAgain: sent, isKept, sendTo } = this.parts;
    const { id = '', from: device = '' } = receipt.attrs;
    const key = `${id} ${device}`;
    const times = sent.get(key) ?? 0;
    if (times >= MOST_AN_HOUR || !(await isKept(id))) return true;
    await this.beginAnew(receipt, device);
    await sendTo(id, device, getBinaryNodeChild(receipt, 'retry')?.attrs.count ?? '1');
    sent.set(key, times + 1);
    return true;
  }

  /** A new Signal session with this device: out of the keys in its request, or else of those that WhatsApp has. */
  private async beginAnew(receipt: BinaryNode, device: string): Promise<void> {
    const { sock } = this.parts;
    const session = bundleIn(receipt) ?? (await this.keysOf(device));
    if (session) return sock.signalRepository.injectE2ESession({ jid: device, session });
    // In the session that there is. When that is what it cannot read, it asks once more, and then with its keys.
    const { exists } = await sock.signalRepository.validateSession(device);
    if (!exists) throw new NotAnsweredError('keys of a device', { reason: 'no_answer' });
  }

  private async keysOf(device: string): Promise<KeyBundle | undefined> {
    const bundles = await askForKeys(this.parts.sock, [device]).catch(() => undefined);
    return bundles?.get(device) ?? undefined;
  }
}

function bundleIn(receipt: BinaryNode): ReturnType<typeof extractE2ESessionFromRetryReceipt> | undefined {
  try {
    return extractE2ESessionFromRetryReceipt(receipt) ?? undefined;
  } catch {
    // Keys that are none are as good as no keys.
    return undefined;
  }
}

import {
  DEFAULT_CONNECTION_CONFIG,
  jidDecode,
  type AuthenticationCreds,
  type UserFacingSocketConfig,
} from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { maskPhone, type Logger } from '../logger.js';
import type { OpenSocketOptions } from '../session/whatsapp-socket.js';
import { baileysLogger } from './baileys-logger.js';
import type { BaileysOptions } from './baileys-options.js';
import { sendUnderWay } from './calls.js';
import { shownDevices } from './device-lists.js';
import type { Inbound } from './inbound.js';
import { messageOf } from './message-of.js';
import type { OrganizationMemory } from './organization-memory.js';
import type { LatestSessions } from './latest-sessions.js';
import { makeSignalRepository } from './signal-repository.js';
import { directKeyStore, type SocketKeys } from './socket-keys.js';
import type { SocketLife } from './socket-life.js';
import { ASKED_AGAIN_PER_HOUR } from './unreadable-customers.js';
import { isChatOfMany, isHistoryInline } from './unused-traffic.js';

interface Parts {
  readonly settings: BaileysOptions;
  readonly options: OpenSocketOptions;
  readonly memory: OrganizationMemory;
  readonly life: SocketLife;
  readonly inbound: Inbound;
  readonly keys: SocketKeys;
  readonly creds: AuthenticationCreds;
  readonly latestSessions: LatestSessions;
  /** WhatsApp told of a change of a user's devices. */
  readonly onDevicesChanged: (user: string) => Promise<void>;
}

/** What Baileys is told for one socket. */
export function baileysConfig(parts: Parts): UserFacingSocketConfig {
  const { settings, options, memory, keys, creds } = parts;
  return {
    auth: { creds, keys: directKeyStore(keys, new Mutex()) },
    waWebSocketUrl: settings.url,
    version: settings.version ?? DEFAULT_CONNECTION_CONFIG.version,
    logger: baileysLogger(options.logger),
    // The silence watch has it. Baileys would also take the time of every frame it sends, each with a timer and two
    // stack traces.
    connectTimeoutMs: 0,
    keepAliveIntervalMs: settings.keepAliveIntervalMs,
    defaultQueryTimeoutMs: settings.queryTimeoutMs,
    ...(settings.qrTimeoutMs !== undefined && { qrTimeout: settings.qrTimeoutMs }),
    // For a service that mostly sends (docs/whatsapp.md, section 6): the owner's phone keeps ringing, no years of
    // history arrive.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    emitOwnEvents: false,
    shouldIgnoreJid: isChatOfMany,
    shouldSyncHistoryMessage: isHistoryInline,
    userDevicesCache: shownDevices(
      memory.userDevices,
      memory.deadDevices,
      () => sendUnderWay() !== undefined,
      parts.onDevicesChanged,
    ),
    msgRetryCounterCache: memory.retries,
    placeholderResendCache: memory.placeholders,
    callOfferCache: memory.calls,
    getMessage: async (key) => {
      const content = key.id ? await options.sentContent(key.id) : undefined;
      return content && messageOf(content);
    },
    makeSignalRepository: signalRepository(parts),
  };
}

function signalRepository({
  options,
  memory,
  life,
  inbound,
  keys,
  latestSessions,
}: Parts): NonNullable<UserFacingSocketConfig['makeSignalRepository']> {
  return makeSignalRepository({
    keys,
    decryptedBefore: memory.decryptedBefore,
    latestSessions,
    onDecrypted: (ciphertext, plaintext, isOwn) => inbound.decrypted(ciphertext, plaintext, isOwn),
    messageIdOf: (ciphertext) => inbound.messageIdOf(ciphertext),
    isAskedAgain: (customer, jids) => isAskedAgain({ memory, logger: options.logger }, customer, jids),
    sendUnderWay,
    onFault: (fault) => life.tell({ type: 'fault', fault }),
  });
}

/** A customer whose messages can never be read is asked for them no more after a while. */
function isAskedAgain(
  { memory, logger }: { memory: OrganizationMemory; logger: Logger },
  customer: string,
  jids: readonly string[],
): boolean {
  const what = memory.unreadable.failed(customer, jids, Date.now());
  if (what === 'refuse_and_say') {
    logger.warn(
      { event: 'customer_asked_no_more', customer: maskPhone(jidDecode(jids.at(-1))?.user ?? '') },
      `Messages of this customer cannot be read; he was asked ${ASKED_AGAIN_PER_HOUR} times within the hour, ` +
        'and is asked no more in it.',
    );
  }
  return what === 'ask';
}

/** What the rooms of the emulator share; built in `emulator.ts`, handed to everybody. */
import type { KeyPair } from '@whiskeysockets/baileys';
import type { Changes } from './changes.js';
import type { Connection } from './connection.js';
import type { Account, Directory } from './directory.js';
import type { Group } from './groups.js';
import type { MediaHost } from './media-host.js';
import type { Mishaps } from './mishaps.js';
import type { Phone } from './phone.js';
import type { Presences } from './presence.js';
import type { EmulatorRecord } from './record.js';
import type { Registration } from './registration.js';
import type { Taps } from './taps.js';

export interface World {
  readonly settings: {
    readonly qrRefTtlMs: number | undefined;
    readonly decryptMessages: boolean;
    readonly latencyMs: number;
  };
  readonly staticKey: KeyPair;
  readonly directory: Directory;
  readonly record: EmulatorRecord;
  readonly mishaps: Mishaps;
  readonly changes: Changes;
  readonly connections: Set<Connection>;
  readonly registrations: Set<Registration>;
  readonly taps: Taps;
  /** Chats of many, by jid. */
  readonly groups: Map<string, Group>;
  readonly presences: Presences;
  readonly media: MediaHost;
  phone(number: string): Phone;
  /** The account of a number, made on the spot when nobody has it yet; undefined when it is no number at all. */
  accountOf(number: string): Account | undefined;
}

import type { Content } from '../content/content.js';
import type { EventData, EventName } from '../events/catalogue.js';
import type { OutageGuard } from '../health/outage-guard.js';
import type { Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import type { KeyStore, RegisterStore } from '../store/ports.js';
import type { LoginGovernor } from './login-governor.js';
import type { CarrierNews } from './message-carrier.js';
import type { SessionSettings } from './session-machine.js';
import type { Attention } from './session-view.js';
import type { WhatsAppSockets } from './whatsapp-socket.js';

export type { SessionSettings } from './session-machine.js';

/** What all sessions of a process share. */
export interface SessionHouse {
  readonly sockets: WhatsAppSockets;
  readonly keyStore: KeyStore;
  readonly register: RegisterStore;
  readonly governor: LoginGovernor;
  readonly outage: OutageGuard;
  readonly settings: SessionSettings;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
  /** How many sessions of this process have a phone linked. */
  readonly pairedSessions: () => number;
  /** Facts worth telling, for the ledger and whoever listens. */
  readonly tell: <Name extends EventName>(name: Name, id: OrganizationId, data: EventData<Name>) => void;
  /**
   * Tells a customer's message, unless it was told before, also before a restart. Resolves, when that is stored, with
   * whether it is new; never rejects.
   */
  readonly hear: (id: OrganizationId, messageId: string) => Promise<boolean>;
  /** What the outbox must know. */
  readonly onNews: (id: OrganizationId, news: CarrierNews) => void;
  /**
   * Whether a message is to blame for a stream error that has just ended this session's socket; asked before that end
   * is told.
   */
  readonly explainsStreamError: (id: OrganizationId) => boolean;
  /** What waits for another phone than the one that is linked; null when nothing does. Asked for each snapshot. */
  readonly otherPhone: (id: OrganizationId) => (Required<Attention>['waiting'] & { readonly since: number }) | null;
  /** The content of a sent message, for a customer's device that asks for it again. */
  readonly sentContent: (id: OrganizationId, messageId: string) => Promise<Content | undefined>;
  /** A login was accepted after the client version had been refused: the others may try again. */
  readonly onVersionAccepted: () => void;
}

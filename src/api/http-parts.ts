import type { Config } from '../config.js';
import type { Logger } from '../logger.js';
import type { Access } from '../access/access.js';
import type { EventLedger } from '../events/event-ledger.js';
import type { Dispatcher } from '../outbox/dispatcher.js';
import type { MessageCounts } from '../outbox/message-counts.js';
import type { Outbox } from '../outbox/outbox.js';
import type { Sessions } from '../session/session-view.js';
import type { UndeliveredWatch } from '../webhooks/undelivered-watch.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import type { RefuseGuess } from './guesses.js';
import type { ApiDocument } from './openapi/document.js';
import type { PageFiles } from './page-files.js';

/** The numbers of this room, with their reasons. */
export interface HttpLimits {
  /** Bytes of a request body: a message of 65,536 characters fits, also in a script that takes three bytes for each. */
  readonly bodyBytes: number;
  /** ms. The existing client gives up after 10 s; nothing takes longer without being asked to (`wait_ms`). */
  readonly answerWithin: number;
  /**
   * Wrong keys per remote address and minute before 429: a misconfigured client shows at once, guessing is hopeless.
   */
  readonly wrongKeysPerMinute: number;
  /** ms that the first wrong key waits for its answer; doubled each time, up to the maximum. */
  readonly wrongKeyDelay: number;
  readonly wrongKeyMaxDelay: number;
  /** Charts that may wait for the one that is being counted. */
  readonly chartsWaiting: number;
  /** Bytes of a body for which no key is needed. */
  readonly openBodyBytes: number;
  /** How many wrong keys may wait at once in the process, so that the delay itself cannot be used to fill memory. */
  readonly wrongKeysWaiting: number;
}

export const HTTP_LIMITS: HttpLimits = {
  bodyBytes: 256 * 1024,
  chartsWaiting: 20,
  openBodyBytes: 4 * 1024,
  answerWithin: 9_500,
  wrongKeysPerMinute: 10,
  wrongKeyDelay: 50,
  wrongKeyMaxDelay: 1_000,
  wrongKeysWaiting: 50,
};

/** What the HTTP room asks of the metrics; the room that counts implements it. */
export interface HttpMetrics {
  readonly contentType: string;
  /** All of them, for a scrape. */
  text(): Promise<string>;
  /** One request was answered; `route` is the pattern of its path. */
  answered(method: string, route: string, status: number, seconds: number): void;
}

/** What every route may use. */
export interface HttpParts {
  readonly config: Config;
  readonly sessions: Sessions;
  readonly outbox: Outbox;
  /** Browsers that signed in, and links. */
  readonly access: Pick<Access, 'signIns' | 'shopLinks'>;
  /** New messages go in here, so that they are tried at once; everything else about them is the outbox's. */
  readonly ledger: Pick<EventLedger, 'list' | 'last' | 'completeFrom' | 'follow' | 'onEnd'>;
  readonly messageCounts: Pick<MessageCounts, 'count'>;
  readonly dispatcher: Pick<Dispatcher, 'accept' | 'settingsChanged' | 'waitingOf' | 'decideOtherPhone'>;
  readonly webhooks: Pick<
    Webhooks,
    'create' | 'list' | 'get' | 'backlog' | 'change' | 'remove' | 'rotateSecret' | 'test' | 'deliveries' | 'redeliver'
  >;
  /** When `message.undelivered` is told. */
  readonly undelivered: Pick<UndeliveredWatch, 'chosen' | 'choose'>;
  readonly metrics: HttpMetrics;
  /** The built pages for people; null when they were not built. */
  readonly pageFiles: PageFiles | null;
  /** What describes all this (GET /openapi.json), made when somebody asks. */
  readonly document: () => ApiDocument;
  readonly refuseGuess: RefuseGuess;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
  readonly limits: HttpLimits;
}

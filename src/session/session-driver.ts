import type { Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import type { Holds } from './holds.js';
import type { CleaningReason, Effect, QuestionAtOnce } from './session-effects.js';
import type { ActionEvent, AnswerEvent, SessionEvent } from './session-events.js';
import type { SessionHouse } from './session-house.js';
import type { SessionKeys } from './session-keys.js';
import type { SocketEvent, WhatsAppSocket } from './whatsapp-socket.js';

/** What the driver hands on to its session. */
export interface DrivenSession {
  /** Something happened that no action waits for. */
  readonly happen: (event: SessionEvent) => void;
  /** An action for which nobody waits. Never rejects. */
  readonly actInBackground: (event: ActionEvent) => Promise<void>;
  readonly clean: (reason: CleaningReason) => void;
  readonly announceChange: () => void;
  readonly isLive: (socket: number) => boolean;
}

/**
 * The hands of one organization session: its sockets and its timers. Does what the machine says, and decides nothing.
 */
export class SessionDriver {
  private readonly sockets = new Map<number, WhatsAppSocket>();
  private retryTimer: NodeJS.Timeout | undefined;
  private steadyTimer: NodeJS.Timeout | undefined;
  private stopWaitingForTurn: (() => void) | null = null;
  /** Of the message that is being told: resolves when that is stored. */
  private hearing: Promise<void> | undefined;

  constructor(
    private readonly id: OrganizationId,
    private readonly house: SessionHouse,
    private readonly keys: SessionKeys,
    private readonly holds: Holds,
    private readonly logger: Logger,
    private readonly session: DrivenSession,
  ) {}

  socket(number: number | null): WhatsAppSocket | null {
    return number === null ? null : (this.sockets.get(number) ?? null);
  }

  // --- effects ---

  run(effect: Effect): void {
    const { house, id } = this;
    switch (effect.do) {
      case 'tell':
        return house.tell(effect.name, id, effect.data);
      case 'log':
        return this.logger[effect.level](effect.fields, effect.text);
      case 'announce_change':
        return this.session.announceChange();
      case 'tell_outbox':
        return house.onNews(id, effect.news);
      case 'hear_message':
        this.hearing = this.hearMessage(effect.messageId);
        return;
      case 'set_retry_timer':
        return this.setRetryTimer(effect.at);
      case 'clear_retry_timer':
        return clearTimeout(this.retryTimer);
      case 'set_steady_timer':
        return this.setSteadyTimer(effect.socket, effect.ms);
      case 'clear_steady_timer':
        return clearTimeout(this.steadyTimer);
      case 'begin_hold':
        return void this.holds.begin(effect.by, house.now());
      case 'end_holds':
        return this.holds.end(...effect.by);
      case 'act':
        return void this.session.actInBackground({ type: effect.action });
      case 'clean':
        return this.session.clean(effect.reason);
      case 'mark_paired':
        return this.markPaired();
      case 'note_stream_error':
        return house.outage.streamError(id, house.now());
      case 'wait_for_turn':
      case 'stop_waiting_for_turn':
      case 'end_login':
      case 'allow_trial':
      case 'refuse_version':
      case 'accept_version':
        return this.runOnGovernor(effect.do);
      case 'drop_socket':
      case 'reset_customer':
      case 'accuse_stanza':
      case 'forget_sockets':
      case 'close_keys':
        return this.runOnSockets(effect);
      default:
        return unknown(effect);
    }
  }

  private runOnGovernor(what: GovernorEffect): void {
    const { governor, onVersionAccepted } = this.house;
    switch (what) {
      case 'wait_for_turn':
        this.stopWaitingForTurn = governor.onFree(() => {
          this.stopWaitingForTurn = null;
          this.session.happen({ type: 'turn_came' });
          return this.session.actInBackground({ type: 'log_in_by_itself' });
        });
        return;
      case 'stop_waiting_for_turn':
        this.stopWaitingForTurn?.();
        this.stopWaitingForTurn = null;
        return;
      case 'end_login':
        return governor.ended(this.id);
      case 'allow_trial':
        return governor.allowTrial(this.id);
      case 'refuse_version':
        return governor.versionRefused();
      case 'accept_version':
        if (governor.versionAccepted()) onVersionAccepted();
        return;
      default:
        return unknown(what);
    }
  }

  private runOnSockets(effect: SocketEffect): void {
    switch (effect.do) {
      case 'drop_socket':
        return void this.sockets.delete(effect.socket);
      case 'reset_customer':
        return this.resetCustomer(effect.socket, effect.customer);
      case 'accuse_stanza':
        return this.house.sockets.accuse(this.id, effect.suspect);
      case 'forget_sockets':
        return this.house.sockets.forget(this.id);
      case 'close_keys':
        return this.keys.close();
      default:
        return unknown(effect);
    }
  }

  private markPaired(): void {
    this.keys.markPaired().catch((error: unknown) => {
      this.logger.error({ event: 'action_failed', err: errorText(error) }, 'The linked phone was not noted.');
    });
  }

  private setRetryTimer(at: number): void {
    clearTimeout(this.retryTimer);
    // A longer time would overflow the timer and fire at once.
    const ms = Math.min(Math.max(0, at - this.house.now()), 2 ** 31 - 1);
    this.retryTimer = setTimeout(() => this.session.happen({ type: 'time_to_try' }), ms);
  }

  private setSteadyTimer(socket: number, ms: number): void {
    this.steadyTimer = setTimeout(() => this.session.happen({ type: 'connection_lasted', socket }), ms);
  }

  private resetCustomer(number: number, customer: string): void {
    this.socket(number)
      ?.resetCustomer(customer)
      .catch((error: unknown) => {
        this.logger.warn(
          { event: 'action_failed', err: errorText(error) },
          'The session with a customer was not reset.',
        );
      });
  }

  /** Also when the socket has ended meanwhile: it will not tell this message again. */
  private async hearMessage(messageId: string): Promise<void> {
    if (!(await this.house.hear(this.id, messageId))) return;
    this.logger.info({ event: 'message_received', message_id: messageId }, 'A message of a customer arrived.');
  }

  // --- questions that are answered at once ---

  answerAtOnce(question: QuestionAtOnce): AnswerEvent {
    switch (question.ask) {
      case 'close_sockets':
        for (const number of question.sockets) {
          this.socket(number)?.close();
          this.sockets.delete(number);
        }
        return { type: 'sockets_closed', then: question.then };
      case 'login_permission': {
        const permission = this.house.governor.ask(this.id, this.house.now());
        return { type: 'login_permission', permission, then: question.then };
      }
      case 'open_socket':
        this.openSocket(question.socket);
        return { type: 'socket_opened', then: question.then };
      case 'blame_message':
        return { type: 'message_blamed', isMessage: this.house.explainsStreamError(this.id), then: question.then };
      default:
        return unknown(question);
    }
  }

  private openSocket(number: number): void {
    const { house, id, session } = this;
    try {
      const socket = house.sockets.open({
        organizationId: id,
        ...this.keys.forSocket(),
        logger: this.logger,
        hold: (by) => (session.isLive(number) ? this.holds.begin(by, house.now()) : () => {}),
        sentContent: (messageId) => house.sentContent(id, messageId),
        listener: (event) => this.hear(number, event),
      });
      this.sockets.set(number, socket);
    } catch (error) {
      session.happen({ type: 'socket_not_opened' });
      throw error;
    }
  }

  private hear(socket: number, event: SocketEvent): void | Promise<void> {
    const { happen } = this.session;
    if (event.type === 'message_received') {
      this.hearing = undefined;
      happen({ ...event, socket });
      return this.hearing;
    }
    if (event.type !== 'closed') return happen({ ...event, socket });
    const { type, reason, suspect = null } = event;
    const tell = (keysAreGone: boolean): void => happen({ type, socket, reason, suspect, keysAreGone });
    if (reason.kind !== 'auth_folder_failed') return tell(false);
    // Nothing else comes of this socket.
    void this.keys.areInPlace().then((areInPlace) => tell(!areInPlace));
  }
}

type GovernorEffect = Extract<
  Effect['do'],
  'wait_for_turn' | 'stop_waiting_for_turn' | 'end_login' | 'allow_trial' | 'refuse_version' | 'accept_version'
>;
type SocketEffect = Extract<
  Effect,
  { do: 'drop_socket' | 'reset_customer' | 'accuse_stanza' | 'forget_sockets' | 'close_keys' }
>;
export function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 1000) : typeof error;
}

function unknown(value: never): never {
  throw new Error(`Nobody does ${JSON.stringify(value)}`);
}

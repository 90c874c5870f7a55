import { jidDecode, S_WHATSAPP_NET, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';

/** What is known of a login since WhatsApp said `success`. */
export interface LoginFacts {
  /** WhatsApp answered the question `active` with a result: from then on it passes messages to this device. */
  readonly active: boolean;
  /** What had waited for this device began to come (`<ib><offline_preview>`), or has come (`<ib><offline>`). */
  readonly handOver: boolean;
  /** Whether WhatsApp said anything after that answer. */
  readonly heard: boolean;
  /** Time since that answer, ms. */
  readonly waitedMs: number;
}

/**
 * A login is complete when WhatsApp has shown that it works. `incomplete`: it has not, and the time for it is over.
 * Pure.
 */
export function loginVerdict(
  { active, handOver, heard, waitedMs }: LoginFacts,
  handOverWaitMs: number,
): 'wait' | 'complete' | 'incomplete' {
  // The question has a limit of its own.
  if (!active) return 'wait';
  if (handOver) return 'complete';
  if (waitedMs < handOverWaitMs) return 'wait';
  // Without a hand-over only what WhatsApp says shows that this connection is not deaf.
  return heard ? 'complete' : 'incomplete';
}

interface LoginOptions {
  readonly sock: WASocket;
  readonly handOverWaitMs: number;
  /** The login is not complete, for this reason; the socket is to be ended. Called at most once. */
  readonly onIncomplete: (why: string) => void;
  /** A step that a login can do without has failed. */
  readonly onStepFailed: (step: string, error: unknown) => void;
}

/**
 * The last part of a login, from WhatsApp's `success` on. Baileys says `open` also when its question `active` failed or
 * was never answered, and such a connection looks open and is deaf. So its handler of `success` (lib/Socket/socket.js)
 * is replaced by this one, with the same steps in the same order, and Baileys' `open` is emitted when the login is
 * complete. `test/units/baileys/login-watch.test.ts` holds the handler that is replaced to the one that this was
 * written after.
 */
export class LoginWatch {
  private active = false;
  private handOver = false;
  private heard = false;
  private waitedMs = 0;
  /** Steps before `open` that are still under way. */
  private busy = true;
  private over = false;
  private lid: string | undefined;

  constructor(private readonly options: LoginOptions) {
    const { ws } = options.sock;
    ws.removeAllListeners('CB:success');
    ws.on('CB:success', (success: BinaryNode) => void this.logIn(success));
    ws.on('frame', () => (this.heard = true));
    const noteHandOver = (): void => {
      this.handOver = true;
      this.look();
    };
    ws.on('CB:ib,,offline_preview', noteHandOver);
    ws.on('CB:ib,,offline', noteHandOver);
  }

  /** Time has passed. */
  passed(elapsedMs: number): void {
    if (!this.active || this.over) return;
    this.waitedMs += elapsedMs;
    this.look();
  }

  private async logIn(success: BinaryNode): Promise<void> {
    const { sock } = this.options;
    this.lid = success.attrs.lid;
    try {
      sock.updateServerTimeOffset(success);
      // Says itself when it fails, and may.
      await sock.uploadPreKeysToServerIfRequired();
      const answer = (await sock.query(activeQuestion())) as BinaryNode | undefined;
      // Baileys resolves with nothing when the time for an answer is over.
      if (!answer) return this.fail('"active" was not answered');
      this.active = true;
      this.heard = false;
    } catch (error) {
      return this.fail(`"active" was refused: ${error instanceof Error ? error.message : 'no connection'}`);
    }
    await sock.digestKeyBundle().catch((error: unknown) => this.options.onStepFailed('digest', error));
    this.busy = false;
    this.look();
  }

  private look(): void {
    if (this.over) return;
    const { active, handOver, heard, waitedMs } = this;
    const verdict = loginVerdict({ active, handOver, heard, waitedMs }, this.options.handOverWaitMs);
    if (verdict === 'incomplete') this.fail('nothing came after "active"');
    if (verdict === 'complete' && !this.busy) this.open();
  }

  private fail(why: string): void {
    // What a connection that ended left unanswered is told by that end.
    if (this.over || !this.options.sock.ws.isOpen) return;
    this.over = true;
    this.options.onIncomplete(why);
  }

  private open(): void {
    this.over = true;
    const { sock } = this.options;
    const { ev } = sock;
    const { me } = sock.authState.creds;
    if (me) ev.emit('creds.update', { me: { ...me, ...(this.lid !== undefined && { lid: this.lid }) } });
    ev.emit('connection.update', { connection: 'open' });
    // Baileys holds events back until the hand-over ends; there will be none.
    if (!this.handOver) ev.flush();
    void sock.sendUnifiedSession();
    if (this.lid !== undefined && me)
      this.learnOwnLid(me.id, this.lid).catch((error: unknown) => this.options.onStepFailed('own LID', error));
  }

  /** The organization's own two names, the list of its devices (this one), and its own session under the LID. */
  private async learnOwnLid(id: string, lid: string): Promise<void> {
    const { signalRepository, authState } = this.options.sock;
    await signalRepository.lidMapping.storeLIDPNMappings([{ lid, pn: id }]);
    const { user, device } = jidDecode(id) ?? {};
    if (user !== undefined) await authState.keys.set({ 'device-list': { [user]: [String(device ?? 0)] } });
    await signalRepository.migrateSession(id, lid);
  }
}

function activeQuestion(): BinaryNode {
  return {
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, xmlns: 'passive', type: 'set' },
    content: [{ tag: 'active', attrs: {} }],
  };
}

/**
 * One websocket: handshake, then either a registration or a logged-in device, then stanzas until it ends.
 * Follows Baileys' `lib/Socket/socket.js` from the other side.
 */
import type { Socket } from 'node:net';
import { decodeBinaryNode, encodeBinaryNode, type proto } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';
import type { Companion } from './companion.js';
import { answerQuery } from './iq-handlers.js';
import { routeAck, routeMessage, routeReceipt } from './routing.js';
import type { LoginStreamErrorOptions, StreamErrorOptions } from './mishaps.js';
import { endOf, isRefused, oddly, questionOf, type OddAnswer } from './odd-answers.js';
import { frame, FrameReader, NoiseServer } from './noise-server.js';
import { Registration } from './registration.js';
import { child, node, sameBytes, seconds, SERVER, type BinaryNode } from './wire.js';
import type { World } from './world.js';

/** After the server's last word the client has this long to close; then TCP goes. */
const CLOSING_TIMEOUT_MS = 2000;
/** How long a client may take to answer a question of the server's (pair-success). */
const REPLY_TIMEOUT_MS = 15_000;

interface Reply {
  resolve: (reply: BinaryNode) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

export class Connection {
  device: Companion | undefined;
  registration: Registration | undefined;
  private phase: 'hello' | 'finish' | 'open' | 'ended' = 'hello';
  private readonly reader = new FrameReader();
  private readonly noise: NoiseServer;
  private work: Promise<void> = Promise.resolve();
  private readonly replies = new Map<string, Reply>();
  private silent = false;
  /** What waits for the device goes out when the silence ends. */
  private handOverHeld = false;
  private held: BinaryNode[] = [];
  private counted = false;
  private afterOpen: ({ tag: string | undefined } & LoginStreamErrorOptions) | undefined;
  private serial = 0;

  constructor(
    private readonly world: World,
    private readonly websocket: WebSocket,
    private readonly socket: Socket,
  ) {
    this.noise = new NoiseServer(world.staticKey);
    websocket.on('message', (data: Buffer) => this.onData(data));
    websocket.on('close', () => this.onClosed());
    // A client that vanishes is everyday life; 'close' follows.
    websocket.on('error', () => undefined);
  }

  /** The organization's phone number, once known. */
  get number(): string | undefined {
    return this.device?.org ?? this.registration?.number;
  }

  send(stanza: BinaryNode): void {
    if (this.phase !== 'open') return;
    if (this.silent) {
      this.held.push(stanza);
      return;
    }
    this.websocket.send(this.noise.encryptFrame(encodeBinaryNode(stanza)));
    this.world.taps.pass('out', this.number, stanza);
  }

  /** Sends an `iq` and waits for the client's reply to it. */
  ask(stanza: BinaryNode, what: string): Promise<BinaryNode> {
    const id = `server-${++this.serial}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.replies.delete(id);
        reject(new Error(`the client did not answer ${what} within ${REPLY_TIMEOUT_MS} ms`));
      }, REPLY_TIMEOUT_MS);
      this.replies.set(id, { resolve, reject, timer });
      this.send({ ...stanza, attrs: { ...stanza.attrs, id, from: SERVER } });
    });
  }

  streamError(tag: string | undefined, { code, attrs = {} }: StreamErrorOptions = {}): void {
    this.send(
      node('stream:error', code === undefined ? {} : { code: String(code) }, tag ? [node(tag, attrs)] : undefined),
    );
    this.close();
  }

  endStream(): void {
    this.send(node('xmlstreamend'));
    this.close();
  }

  cut(): void {
    this.phase = 'ended';
    this.socket.resetAndDestroy();
  }

  silence(): void {
    if (this.silent) return;
    this.silent = true;
    this.websocket.pause();
    // A dead peer is not an open connection; its successor is no second one.
    this.count(false);
  }

  endSilence(): void {
    if (!this.silent) return;
    this.silent = false;
    if (this.device) this.count(true);
    const held = this.held;
    this.held = [];
    for (const stanza of held) this.send(stanza);
    this.websocket.resume();
    if (!this.handOverHeld) return;
    this.handOverHeld = false;
    this.startReceiving();
  }

  /** The server's own end of the connection: closing handshake, and TCP soon after if the client does not join in. */
  close(): void {
    this.phase = 'ended';
    if (this.silent) return;
    this.websocket.close();
    setTimeout(() => this.websocket.terminate(), CLOSING_TIMEOUT_MS).unref();
  }

  terminate(): void {
    this.phase = 'ended';
    this.websocket.terminate();
  }

  /** Another login took this device over, or it was unlinked. */
  detach(): void {
    if (this.device?.connection === this) {
      this.world.presences.gone(this.device);
      this.device.connection = undefined;
      this.device.receiving = false;
    }
  }

  /** Baileys validates its keys with a digest query and then says `open`: the last step of a login. */
  loginComplete(): void {
    const error = this.afterOpen;
    this.afterOpen = undefined;
    if (error) setTimeout(() => this.streamError(error.tag, error), error.afterOpenMs ?? 0).unref();
  }

  private onData(data: Buffer): void {
    if (this.phase === 'ended') return;
    try {
      for (const bytes of this.reader.push(data)) {
        this.work = this.work.then(() => this.onFrame(bytes)).catch((error: Error) => this.onProblem(error));
      }
    } catch (error) {
      this.onProblem(error as Error);
      this.terminate();
    }
  }

  private onProblem(error: Error): void {
    // The stack names places in the code, never what was in a stanza.
    this.world.record.add('problems', { org: this.number ?? '', what: error.stack ?? error.message });
    if (this.phase === 'hello' || this.phase === 'finish') this.terminate();
  }

  private async onFrame(bytes: Buffer): Promise<void> {
    switch (this.phase) {
      case 'hello':
        if (this.world.mishaps.pending.silentHandshake.take(undefined)) {
          this.silence();
          return;
        }
        this.phase = 'finish';
        this.websocket.send(frame(this.noise.hello(bytes)));
        return;
      case 'finish': {
        const { clientKey, payload } = this.noise.finish(bytes);
        this.phase = 'open';
        this.begin(clientKey, payload);
        return;
      }
      case 'open':
        await this.onStanza(await decodeBinaryNode(this.noise.decrypt(bytes)));
        return;
      case 'ended':
    }
  }

  private begin(noiseKey: Buffer, payload: proto.ClientPayload): void {
    const number = payload.username ? payload.username.toString() : undefined;
    const failure = this.world.mishaps.pending.failure.take(number);
    if (failure) {
      this.refuse(number ?? '', payload.device ?? 0, String(failure.reason), failure.attrs);
    } else if (payload.devicePairingData) {
      this.registration = new Registration(this.world, this, noiseKey, payload.devicePairingData);
      this.registration.offerQr();
    } else {
      this.login(noiseKey, number ?? '', payload.device ?? 0, payload.pushName);
    }
  }

  private login(noiseKey: Buffer, number: string, id: number, name: string | null | undefined): void {
    const account = this.world.directory.number(number);
    const device = account?.companions.get(id);
    // A wrong noise key is somebody else's device: the same answer as for one that was unlinked.
    if (!device || !sameBytes(device.keys.noiseKey, noiseKey)) {
      this.refuse(number, id, '401');
      return;
    }
    const previous = device.connection;
    this.device = device;
    if (name) this.world.phone(number).name = name;
    device.connection = this;
    device.receiving = false;
    this.count(true);
    if (previous) {
      this.world.record.add('replaced', { org: number, deviceJid: device.jid });
      previous.streamError('conflict', { attrs: { type: 'replaced' } });
    }
    this.send(node('success', { t: seconds(), lid: device.lidJid, props: '1', location: 'emulator' }));
    this.world.record.add('logins', { org: number, deviceJid: device.jid });
    if (this.world.mishaps.pending.silentLogins.get(number)) this.silence();
    const error = this.world.mishaps.pending.streamErrorAtLogin.take(number);
    if (error?.afterOpenMs !== undefined) this.afterOpen = error;
    else if (error) this.streamError(error.tag, error);
  }

  private refuse(org: string, device: number, reason: string, attrs: Record<string, string> = {}): void {
    this.send(node('failure', { reason, location: 'emulator', ...attrs }));
    this.world.record.add('failedLogins', { org, device, reason });
    this.close();
  }

  private async onStanza(stanza: BinaryNode): Promise<void> {
    if (!this.world.taps.pass('in', this.number, stanza)) return this.cut();
    switch (stanza.tag) {
      case 'iq':
        if (stanza.attrs['type'] === 'result' || stanza.attrs['type'] === 'error') this.onReply(stanza);
        else await this.onQuery(stanza);
        return;
      case 'message':
        if (this.device) routeMessage(this.world, this, this.device, stanza);
        return;
      case 'receipt':
        if (this.device) routeReceipt(this.world, this.device, stanza);
        return;
      case 'ack':
        if (this.device) routeAck(this.world, this.device, stanza);
        return;
      case 'call':
        this.send(node('ack', { id: stanza.attrs['id'] ?? '', class: 'call', from: stanza.attrs['to'] ?? SERVER }));
        return;
      case 'presence':
        if (this.device) this.world.presences.onPresence(this.device, stanza);
        return;
      case 'chatstate':
        if (this.device) this.world.presences.onChatState(this.device, stanza);
        return;
      default:
      // ib and the like need no answer.
    }
  }

  private onReply(stanza: BinaryNode): void {
    const id = stanza.attrs['id'] ?? '';
    const reply = this.replies.get(id);
    if (!reply) return;
    this.replies.delete(id);
    clearTimeout(reply.timer);
    if (stanza.attrs['type'] === 'error') reply.reject(new Error('the client answered with an error'));
    else reply.resolve(stanza);
  }

  private async onQuery(stanza: BinaryNode): Promise<void> {
    const question = questionOf(stanza);
    const odd = question && this.world.mishaps.pending.oddAnswer.take(this.number, (one) => one.question === question);
    const plain = odd && isRefused(odd) ? node('iq') : await answerQuery(this.world, this, stanza);
    if (odd) this.endOddly(odd);
    const answer = odd ? oddly(plain, odd) : plain;
    if (!answer) return;
    const mute = this.world.mishaps.pending.muteQueries.get(this.number);
    if (mute && (mute.xmlns === undefined || mute.xmlns === stanza.attrs['xmlns'])) return;
    const type = child(answer, 'error') ? 'error' : 'result';
    this.send({ ...answer, attrs: { ...answer.attrs, type, id: stanza.attrs['id'] ?? '', from: SERVER } });
    if (stanza.attrs['xmlns'] !== 'encrypt' && stanza.attrs['xmlns'] !== 'passive') return;
    // A refused client gets nothing; it is not active.
    if (type === 'error') return;
    if (child(stanza, 'active')) this.startReceiving();
    else if (child(stanza, 'digest')) this.loginComplete();
  }

  private endOddly(odd: OddAnswer): void {
    switch (endOf(odd)) {
      case 'cut':
        return this.cut();
      case 'stream_error':
        return this.streamError(undefined, { code: odd.code });
      case 'device_removed':
        return this.streamError('conflict', { code: 401, attrs: { type: 'device_removed' } });
    }
  }

  private startReceiving(): void {
    const { device } = this;
    if (!device) return;
    const odd = this.world.mishaps.pending.oddHandOver.take(this.number);
    if (odd === 'silence') {
      this.handOverHeld = true;
      return this.silence();
    }
    device.startReceiving(this, odd !== 'unannounced');
    this.world
      .phone(device.org)
      .sendHistory(device)
      .catch((error: Error) => this.onProblem(error));
  }

  private onClosed(): void {
    this.phase = 'ended';
    this.world.connections.delete(this);
    this.detach();
    this.count(false);
    this.registration?.closed();
    for (const { reject, timer } of this.replies.values()) {
      clearTimeout(timer);
      reject(new Error('the client closed the connection'));
    }
    this.replies.clear();
  }

  private count(open: boolean): void {
    if (!this.device || this.counted === open) return;
    this.counted = open;
    if (open) this.world.record.connectionOpened(this.device.jid);
    else this.world.record.connectionClosed(this.device.jid);
  }
}

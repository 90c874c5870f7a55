import type { AnswerOf } from '../src/api/contract.js';
import type { CustomerAnswer, RecordAnswer } from './answers.js';
import type { Caller } from './caller.js';
import { CUSTOMER, PHONE, type Scene } from './scene.js';
import { readable, type LogLine } from './service-log.js';
import type { Terminal } from './terminal.js';

const ID = '2';
const IDS = { organization_id: ID };
const QR = 'GET /api/qr/:organization_id';
const CONFIRMATION = 'Hello Ana, your appointment on Monday at 10:30 is confirmed.';
const WHILE_DOWN = 'Hello Ana, your appointment moved to eleven, as you wished.';

type StatusAnswer = AnswerOf<'GET /api/status/:organization_id'>;

/** The sentence says what was promised and did not hold. */
class BrokenPromise extends Error {}

/**
 * Pairs, sends, restarts, gets corrupted and heals; each sentence with a tick was checked. Throws at the first that
 * does not hold.
 */
export class Story {
  constructor(
    private readonly scene: Scene,
    private readonly caller: Caller,
    private readonly terminal: Terminal,
  ) {}

  async tell(): Promise<void> {
    const firstQr = await this.startSession();
    await this.step('The phone scans it');
    await this.scanQr('the phone read the QR from the PNG that GET /api/qr/2?format=png serves');
    await this.seePaired();
    await this.sendConfirmation();
    await this.customerWritesBack();
    await this.restartService();
    await this.breakThreeMessages();
    const waiting = await this.bookingWhileDown();
    await this.healed(firstQr);
    await this.waitingMessageArrives(waiting);
    await this.messagesFlowAgain();
  }

  private async startSession(): Promise<string> {
    await this.step('Organization "2" asks for a session');
    this.terminal.quiet('POST /api/start-session {"organization_id": "2", "wait_ms": 20000}');
    const started = await this.caller.call('POST /api/start-session', {
      body: { organization_id: ID, wait_ms: 20_000 },
    });
    this.check(started.status === 'qr_ready', 'status qr_ready: WhatsApp gave a QR, and it waits for a phone', started);
    this.terminal.quiet('GET /api/qr/2?format=text draws it here; the same QR is there as a PNG and in JSON');
    this.terminal.block(await this.caller.text(QR, { params: IDS, query: { format: 'text' } }));
    return this.currentQr();
  }

  private async scanQr(sentence: string): Promise<void> {
    const picture = await this.caller.bytes(QR, { params: IDS, query: { format: 'png' } });
    const scanned = await this.caller.control<{ deviceJid: string }>(
      `/admin/mock-phone/scan-qr?phone=${PHONE}`,
      `data:image/png;base64,${picture.toString('base64')}`,
    );
    this.check(scanned.deviceJid.startsWith(`${PHONE}:`), sentence, scanned);
  }

  private async seePaired(): Promise<void> {
    const status = await this.connected();
    this.check(status.phone_number === PHONE, `status connected, phone_number ${PHONE}`, status);
    this.check(
      status.last_disconnect?.code === 515,
      'WhatsApp closed the stream with 515 "restart required", as after every scan; ' +
        'the service logged in again at once',
      status.last_disconnect,
    );
    this.check(isHealthy(status), 'and counted no fault: verdict healthy, all counters zero', status.health);
  }

  private async sendConfirmation(): Promise<void> {
    await this.step('A booking confirmation');
    await this.send(CONFIRMATION);
  }

  private async customerWritesBack(): Promise<void> {
    await this.step('The customer writes back');
    await this.customerWrites('Thank you! Can I come at eleven instead?');
  }

  private async restartService(): Promise<void> {
    await this.step('The service is restarted');
    const before = await this.caller.control<RecordAnswer>('/admin/record');
    await this.scene.stopService();
    this.terminal.say('It stopped; now it starts again over the same folders.');
    await this.scene.startService();
    await this.connected();
    const after = await this.caller.control<RecordAnswer>('/admin/record');
    this.check(
      after.totals.registrations === before.totals.registrations && after.totals.logins === before.totals.logins + 1,
      'connected again with the saved keys: one login, no scan',
      after.totals,
    );
    await this.customerWrites('Hello? Are you there?');
    await this.send('Yes: eleven is fine too.');
  }

  private async breakThreeMessages(): Promise<void> {
    await this.step('Three Bad MACs: the session is corrupted for real');
    this.terminal.say('The emulated WhatsApp breaks the MAC of the next three messages; Signal cannot decrypt them.');
    await this.lastingConnection();
    const linesBefore = this.scene.log.lines.length;
    await this.caller.control('/admin/mishaps/badMac', { org: PHONE, n: 3 });
    for (const text of ['First try', 'Second try', 'Third try']) {
      await this.caller.control(`/admin/customers/${CUSTOMER}/write`, { to: PHONE, text });
    }
    const cleaned = await this.caller.until('the session cleans itself after three Bad MACs', async () =>
      this.newLines(linesBefore).find(({ event }) => event === 'session_cleaned'),
    );
    const told = this.newLines(linesBefore).filter(
      ({ event }) => event === 'fault_counted' || event === 'session_cleaned',
    );
    for (const line of told) this.terminal.log(line.level, readable(line));
    this.check(
      cleaned.org === `org_id_${ID}`,
      'the third one reached the limit, and the session healed itself',
      cleaned,
    );
    const { backups } = await this.caller.call('GET /api/backups/:organization_id', { params: IDS });
    this.check(
      backups.length === 1 && backups[0]?.reason === 'bad_mac' && backups[0].phone_number === PHONE,
      `nothing was deleted: GET /api/backups/2 lists ${backups[0]?.name}, reason bad_mac`,
      backups,
    );
  }

  /** @returns the message's id */
  private async bookingWhileDown(): Promise<string> {
    await this.step('A booking comes while nobody has scanned yet');
    const accepted = await this.post(WHILE_DOWN, { wait_ms: 0 });
    this.check(
      accepted.success === true && accepted.status === 'queued',
      'accepted (202, status queued): it is on disk, and leaves as soon as the session is connected',
      accepted,
    );
    this.terminal.say('The service is restarted once more; the message waits in the outbox.');
    await this.scene.stopService();
    await this.scene.startService();
    return accepted.message_id;
  }

  private async waitingMessageArrives(id: string): Promise<void> {
    await this.customerReads(id, WHILE_DOWN, 'what waited has left by itself; the customer decrypted and reads');
    const { status, attempts } = await this.caller.until('WhatsApp confirms it', async () => {
      const answer = await this.caller.call('GET /api/messages/:message_id', { params: { message_id: id } });
      return answer.status === 'sent' || answer.status === 'delivered' ? answer : null;
    });
    this.check(attempts === 1, `GET /api/messages/${id}: ${status}, tried once`, { status, attempts });
  }

  private async healed(firstQr: string): Promise<void> {
    await this.step('A new QR, scanned again');
    // After the restart nobody makes a QR before somebody asks for it; asking is what `currentQr` does.
    const qr = await this.caller.until('a new QR', async () => (await this.currentQr()) || null);
    this.check(qr !== '' && qr !== firstQr, 'status qr_ready, with a QR of new keys', { qr: qr.slice(0, 40) });
    await this.scanQr('the phone scanned it');
    const status = await this.connected();
    this.check(isHealthy(status), 'status connected, verdict healthy, all counters zero', status.health);
    this.check(
      status.health?.cleanings_24h === 1,
      `remembered for the budget: ${status.health?.cleanings_24h} automatic cleaning in 24 h, ` +
        `${status.health?.cleanings_limit} are allowed`,
      status.health,
    );
  }

  private async messagesFlowAgain(): Promise<void> {
    await this.step('Messages flow again');
    await this.send('We are back. See you on Monday at eleven.');
    await this.customerWrites('Perfect, see you!');
    await this.lastingConnection();
  }

  // --- what several steps do ---

  private async send(message: string): Promise<void> {
    const sent = await this.post(message);
    this.check(
      sent.success === true && sent.status === 'sent',
      'the service answered (200, status sent): WhatsApp has the message',
      sent,
    );
    await this.customerReads(sent.message_id, message, 'the customer decrypted and reads');
  }

  private post(message: string, more: { wait_ms?: number } = {}): Promise<AnswerOf<'POST /api/send-message'>> {
    const body = { organization_id: ID, phone: CUSTOMER, message, ...more };
    this.terminal.quiet(`POST /api/send-message ${JSON.stringify({ ...body, message: '…' })}`);
    return this.caller.call('POST /api/send-message', { body });
  }

  private async customerReads(id: string, message: string, sentence: string): Promise<void> {
    const got = await this.caller.until('the customer reads the message', async () => {
      const { messages } = await this.caller.control<CustomerAnswer>(`/admin/customers/${CUSTOMER}/messages`);
      return messages.find((one) => one.id === id);
    });
    this.check(got.text === message, `${sentence}: "${got.text}"`, got);
  }

  private async customerWrites(text: string): Promise<void> {
    this.terminal.say(`The customer writes: "${text}"`);
    const { id } = await this.caller.control<{ id: string }>(`/admin/customers/${CUSTOMER}/write`, { to: PHONE, text });
    const receipt = await this.caller.until(
      "the service tells the customer's phone that it has the message",
      async () => {
        const { receipts } = await this.caller.control<RecordAnswer>('/admin/record');
        return receipts.find((one) => one.id === id);
      },
    );
    this.check(
      receipt.type !== 'retry',
      "the service could decrypt it, and the customer's phone knows (delivery receipt)",
      receipt,
    );
  }

  private async connected(): Promise<StatusAnswer> {
    return this.caller.until('status connected', async () => {
      const status = await this.status();
      return status.status === 'connected' ? status : null;
    });
  }

  /**
   * The counters start from zero when a connection has lasted; what is counted across that moment would be forgotten.
   */
  private async lastingConnection(): Promise<void> {
    await this.caller.until('the connection lasts', async () => {
      const events = this.scene.log.lines.map(({ event }) => event);
      return events.lastIndexOf('session_stable') > events.lastIndexOf('session_connected') ? true : null;
    });
  }

  private status(): Promise<StatusAnswer> {
    return this.caller.call('GET /api/status/:organization_id', { params: IDS });
  }

  private async currentQr(): Promise<string> {
    const { qr } = await this.caller.call(QR, { params: IDS });
    return qr ?? '';
  }

  private newLines(from: number): LogLine[] {
    return this.scene.log.lines.slice(from);
  }

  private async step(title: string): Promise<void> {
    await this.terminal.pause();
    this.terminal.step(title);
  }

  private check(holds: boolean, sentence: string, seen: unknown): void {
    if (!holds) throw new BrokenPromise(`${sentence}\n     what was seen instead: ${JSON.stringify(seen)}`);
    this.terminal.tick(sentence);
  }
}

function isHealthy({ health }: StatusAnswer): boolean {
  if (!health) return false;
  const { bad_mac: badMac, stream_error: streamError } = health.counters;
  return health.verdict === 'healthy' && badMac.count === 0 && streamError.count === 0;
}

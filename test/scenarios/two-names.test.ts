import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { predecessor } from '../stage/predecessor.js';
import { noteQuestions, type Question } from '../stage/questions.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const ID = '2';

describe('a customer has a number and a LID', () => {
  let stage: Stage;
  afterEach(async () => {
    vi.restoreAllMocks();
    await stage.end();
  });

  const folder = (): string => path.join(stage.authDirectory, ID);
  /** Both write, and read at once what the other wrote. */
  const converse = async (turns = 2): Promise<void> => {
    for (let n = 0; n < turns; n++) {
      await stage.receive(PHONE, CUSTOMER);
      await stage.send(ID, CUSTOMER);
    }
  };
  /** Nobody asked for anything again, no session was begun besides the first, and nothing speaks against the keys. */
  const nothingWasLost = (questions: Question[], keysAsked: number): void => {
    const { record } = stage.whatsapp;
    const { jid, lid } = stage.whatsapp.customer(CUSTOMER);
    const asked = questions.filter(({ what, jids }) => what === 'keys' && (jids.includes(jid) || jids.includes(lid)));
    expect(asked).toHaveLength(keysAsked);
    expect(record.unreadable).toEqual([]);
    expect(record.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
    expect(record.problems).toEqual([]);
    expect(stage.log.events('fault_counted')).toEqual([]);
  };

  it('whose messages change from one to the other and back are read in the one session', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    const questions = noteQuestions(stage.whatsapp, PHONE);
    // Who writes first is asked for no list of devices, where Baileys would look for sessions to move.
    stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    await stage.receive(PHONE, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    stage.whatsapp.customer(CUSTOMER, { addressing: 'lid' });
    await converse();
    for (const hidesOtherName of [true, false]) {
      for (const addressing of ['pn', 'lid'] as const) {
        stage.whatsapp.customer(CUSTOMER, { addressing, hidesOtherName });
        await converse();
        await stage.restartService();
        await stage.api.ready(ID);
      }
    }
    nothingWasLost(questions, 0);
  });

  it('who was known by number only, in the folder of the service before, goes on by LID', async () => {
    for (const method of ['log', 'info', 'warn', 'error'] as const) vi.spyOn(console, method).mockReturnValue();
    stage = await Stage.set();
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    const elsewhere = path.join(stage.directory, 'elsewhere');
    await predecessor(stage, elsewhere, PHONE, [CUSTOMER], { theyWriteFirst: true });
    for (const name of readdirSync(elsewhere))
      if (/^(lid-mapping|device-list)-/.test(name)) rmSync(path.join(elsewhere, name));
    expect(existsSync(path.join(elsewhere, `session-${CUSTOMER}.0.json`))).toBe(true);
    cpSync(elsewhere, folder(), { recursive: true });

    stage.whatsapp.customer(CUSTOMER, { addressing: 'lid', hidesLid: false });
    const questions = noteQuestions(stage.whatsapp, PHONE);
    await stage.api.ready(ID);
    await converse();
    expect(stage.whatsapp.record.messagesOf(PHONE).at(-1)?.to).toBe(customer.lid);
    nothingWasLost(questions, 0);
  });

  it('who was known by number only is written to at the LID, in the session that there is', async () => {
    for (const method of ['log', 'info', 'warn', 'error'] as const) vi.spyOn(console, method).mockReturnValue();
    stage = await Stage.set();
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    await predecessor(stage, folder(), PHONE, [CUSTOMER], { theyWriteFirst: true });
    for (const name of readdirSync(folder()))
      if (/^(lid-mapping|device-list)-/.test(name)) rmSync(path.join(folder(), name));

    stage.whatsapp.customer(CUSTOMER, { hidesLid: false });
    const questions = noteQuestions(stage.whatsapp, PHONE);
    await stage.api.ready(ID);
    await stage.send(ID, CUSTOMER);
    expect(stage.whatsapp.record.messagesOf(PHONE).at(-1)?.to).toBe(customer.lid);
    await converse();
    nothingWasLost(questions, 0);
  });

  it.each(['LID', 'number'] as const)('is read although an old session stands under the %s', async (old) => {
    for (const method of ['log', 'info', 'warn', 'error'] as const) vi.spyOn(console, method).mockReturnValue();
    stage = await Stage.set();
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    const elsewhere = path.join(stage.directory, 'elsewhere');
    const file = (user: string): string => path.join(elsewhere, `session-${user}.0.json`);
    const [byNumber, byLid, kept] = [file(CUSTOMER), file(`${customer.lidUser}_1`), file('kept')];
    // As it was after the first exchange; the ratchet goes on after that.
    const keep = (round: number): void => void (round === 0 && cpSync(byNumber, kept));
    await predecessor(stage, elsewhere, PHONE, [CUSTOMER], { theyWriteFirst: true, onRound: keep });
    if (old === 'number') renameSync(byNumber, byLid);
    renameSync(kept, old === 'LID' ? byLid : byNumber);
    // Baileys' list of devices, without which it moves nothing; with it, it writes what is older over what is newer.
    if (old === 'LID') rmSync(path.join(elsewhere, `device-list-${CUSTOMER}.json`));
    cpSync(elsewhere, folder(), { recursive: true });

    stage.whatsapp.customer(CUSTOMER, { addressing: 'lid', hidesLid: false });
    const questions = noteQuestions(stage.whatsapp, PHONE);
    await stage.api.ready(ID);
    await converse();
    await stage.restartService();
    await stage.api.ready(ID);
    await converse();
    nothingWasLost(questions, 0);
  });

  it('whose receipts come from the LID has received and read what was sent to the number', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true, addressing: 'lid' });
    const text = stage.text();
    const { body } = await stage.api.send(ID, CUSTOMER, text);
    await customer.receivedText(text);
    expect(stage.whatsapp.record.messagesOf(PHONE).map(({ to }) => to)).toEqual([customer.jid]);
    await stage.log.until('message_delivered', { org: ID });
    customer.read(body.message_id as string);
    await stage.log.until('message_read', { org: ID });
    expect((await stage.api.get(`/api/messages/${body.message_id as string}`)).body).toMatchObject({ status: 'read' });
  });
});

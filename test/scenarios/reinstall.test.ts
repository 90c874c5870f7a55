import { afterEach, describe, expect, it } from 'vitest';
import type { Customer } from '../../emulator/emulator.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const ID = '2';

describe('a customer who installs WhatsApp anew', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  /**
   * They have written to each other; then the customer's phone gets another identity, and all its sessions are gone.
   */
  const reinstalled = async (): Promise<Customer> => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    customer.reinstall();
    return customer;
  };
  const nothingIsBlamed = (): void => {
    expect(stage.whatsapp.record.problems).toEqual([]);
    expect(stage.log.events('fault_counted')).toEqual([]);
  };

  it.each(['pn', 'lid'] as const)('is written to as the new one, when WhatsApp told of it by %s', async (name) => {
    const customer = await reinstalled();
    const notification = customer.tellOfNewIdentity(PHONE, name);
    await stage.whatsapp.record.until(({ acks }) => acks.some(({ id }) => id === notification));
    await stage.send(ID, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);
    expect(customer.unreadable).toEqual([]);
    nothingIsBlamed();
  });

  it('of whom nobody told asks for the message again, and reads it then', async () => {
    const customer = await reinstalled();
    await stage.send(ID, CUSTOMER);
    expect(customer.unreadable.length).toBeGreaterThan(0);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);
    nothingIsBlamed();
  });

  it('of whom nobody told writes first, and is read and answered at once', async () => {
    const customer = await reinstalled();
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);
    expect(customer.unreadable).toEqual([]);
    expect(stage.whatsapp.record.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
    nothingIsBlamed();
  });
});

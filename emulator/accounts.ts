/** Phones and customers by number, made on demand. */
import { Customer, type CustomerOptions } from './customer.js';
import { isNumber, type Account, type Directory } from './directory.js';
import { Phone } from './phone.js';
import type { World } from './world.js';

export class Accounts {
  world!: World;

  constructor(private readonly directory: Directory) {}

  phone(number: string): Phone {
    const existing = this.known(number, Phone, 'phone');
    if (existing) return existing;
    const made = new Phone(this.world, number);
    this.directory.add(made);
    return made;
  }

  customer(number: string, options: CustomerOptions = {}): Customer {
    const existing = this.known(number, Customer, 'customer');
    existing?.configure(options);
    if (existing) return existing;
    const made = new Customer(this.world, number, options);
    this.directory.add(made);
    return made;
  }

  /** A customer is made of a number that nobody has yet; undefined when it is no number at all. */
  accountOf(number: string): Account | undefined {
    return this.directory.number(number) ?? (isNumber(number) ? this.customer(number) : undefined);
  }

  private known<T extends Account>(number: string, kind: new (...args: never[]) => T, name: string): T | undefined {
    if (!isNumber(number)) throw new Error(`${number} is not a phone number: 7 to 15 digits, no plus sign`);
    const account = this.directory.number(number);
    if (account && !(account instanceof kind)) throw new Error(`${number} is already in use, but not as a ${name}`);
    return account;
  }
}

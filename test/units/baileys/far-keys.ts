import type { Creds, KeyWrite, OrganizationKeys } from '../../../src/store/ports.js';

interface Asked {
  answer(): void;
  refuse(error: Error): void;
}

/**
 * Keys as they would be behind a network, by the words of the port: what is asked takes effect at the call, and the
 * answer comes when the test lets it.
 */
export class FarKeys implements OrganizationKeys {
  private creds: Creds = {};
  private values = new Map<string, unknown>();
  private readonly asked: Asked[] = [];
  private readonly notDurable = new Set<Promise<void>>();
  private refused: Error | null = null;

  load(): Promise<Creds> {
    this.refused = null;
    return this.later(structuredClone(this.creds));
  }

  get(type: string, ids: readonly string[]): Promise<Record<string, unknown>> {
    const found = ids.map((id) => [id, this.values.get(`${type} ${id}`)] as const);
    return this.later(structuredClone(Object.fromEntries(found.filter(([, value]) => value !== undefined))));
  }

  put({ creds, keys = {} }: KeyWrite): Promise<void> {
    const before = { creds: this.creds, values: this.values };
    this.values = new Map(this.values);
    if (creds) this.creds = structuredClone({ ...creds });
    for (const [type, values] of Object.entries(keys))
      for (const [id, value] of Object.entries(values ?? {})) {
        this.values.set(`${type} ${id}`, structuredClone(value ?? undefined));
      }
    const done = this.later<void>(undefined, (error) => {
      Object.assign(this, before);
      this.refused ??= error;
    });
    this.notDurable.add(done);
    const over = (): void => void this.notDurable.delete(done);
    done.then(over, over);
    return done;
  }

  durable(): Promise<void> | null {
    if (this.refused) return Promise.reject(this.refused);
    return this.notDurable.size === 0 ? null : Promise.all(this.notDurable).then(() => {});
  }

  async isInPlace(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}

  // --- the network ---

  /** Answers the oldest question. */
  answer(): void {
    this.asked.shift()?.answer();
  }

  refuse(error: Error): void {
    this.asked.shift()?.refuse(error);
  }

  /** The newest question is always answered first, until this is settled. */
  async overtaking<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    work.then(over, over);
    for (await turn(); !isOver; await turn()) this.asked.pop()?.answer();
    return work;
  }

  private later<T>(value: T, onRefused: (error: Error) => void = () => {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        onRefused(error);
        reject(error);
      };
      this.asked.push({ answer: () => resolve(value), refuse });
    });
  }
}

/** All that can happen by itself has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

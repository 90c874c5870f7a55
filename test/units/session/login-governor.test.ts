import { describe, expect, test } from 'vitest';
import { LoginGovernor } from '../../../src/session/login-governor.js';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;

/** An organization that wants to log in, waits for a place when there is none, and asks again when it is woken. */
function applicant(governor: LoginGovernor, id: string, log: string[], givesUp = false) {
  let stopWaiting: (() => void) | null = null;
  const tryIt = (): void => {
    stopWaiting = null;
    if (givesUp) return void log.push(`${id} gave up`);
    const permission = governor.ask(id, START);
    if (permission.allowed) log.push(`${id} logs in`);
    else stopWaiting = governor.onFree(tryIt);
  };
  tryIt();
  return {
    leave: () => stopWaiting?.(),
    get isWaiting() {
      return stopWaiting !== null;
    },
  };
}

describe('logins per hour', () => {
  test('are capped for each organization, and the answer says when to ask again', () => {
    const governor = new LoginGovernor({ loginsPerHour: 3, concurrentLogins: 10 });
    for (let login = 0; login < 3; login += 1) {
      expect(governor.ask('1', START + login * 1000)).toEqual({ allowed: true });
      governor.ended('1');
    }
    expect(governor.ask('1', START + 3000)).toEqual({
      allowed: false,
      because: 'organization_cap',
      retryAt: START + HOUR,
    });
    expect(governor.ask('2', START + 3000)).toEqual({ allowed: true });
  });

  test('slide: a place comes back an hour after each login, and at the named time', () => {
    const governor = new LoginGovernor({ loginsPerHour: 2, concurrentLogins: 10 });
    const ask = (now: number) => {
      governor.ended('1');
      return governor.ask('1', now);
    };
    ask(START);
    ask(START + 1_800_000);
    expect(ask(START + HOUR - 1)).toMatchObject({ allowed: false, retryAt: START + HOUR });
    expect(ask(START + HOUR)).toEqual({ allowed: true });
    expect(ask(START + HOUR)).toMatchObject({ allowed: false, retryAt: START + 1_800_000 + HOUR });
  });

  test('a refused question does not count as a login', () => {
    const governor = new LoginGovernor({ loginsPerHour: 1, concurrentLogins: 10 });
    governor.ask('1', START);
    governor.ended('1');
    for (let now = START + 1; now < START + 100; now += 1) governor.ask('1', now);
    expect(governor.ask('1', START + HOUR)).toEqual({ allowed: true });
  });

  test('no hour of any length of time holds more than the cap', () => {
    const governor = new LoginGovernor({ loginsPerHour: 5, concurrentLogins: 1 });
    const logins: number[] = [];
    for (let now = START; now < START + 5 * HOUR; now += 61_000) {
      if (governor.ask('1', now).allowed) logins.push(now);
      governor.ended('1');
    }
    for (const from of logins) {
      expect(logins.filter((at) => at >= from && at < from + HOUR).length).toBeLessThanOrEqual(5);
    }
    expect(logins.length).toBe(25);
  });
});

describe('logins at one moment', () => {
  test('are capped for the process until one ends', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 2 });
    expect(governor.ask('1', START).allowed).toBe(true);
    expect(governor.ask('2', START).allowed).toBe(true);
    expect(governor.ask('3', START)).toEqual({ allowed: false, because: 'process_cap', retryAt: null });
    expect(governor.loginsUnderWay).toBe(2);
    governor.ended('1');
    expect(governor.ask('3', START).allowed).toBe(true);
  });

  test('a refusal for want of a place costs nothing of the hour', () => {
    const governor = new LoginGovernor({ loginsPerHour: 1, concurrentLogins: 1 });
    governor.ask('1', START);
    for (let round = 0; round < 5; round += 1) governor.ask('2', START);
    governor.ended('1');
    expect(governor.ask('2', START).allowed).toBe(true);
  });

  test('an end may be told more than once, or of a login that never was', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    governor.ask('1', START);
    governor.ended('1');
    governor.ask('2', START);
    governor.ended('1');
    governor.ended('stranger');
    expect(governor.loginsUnderWay).toBe(1);
    expect(governor.ask('3', START).allowed).toBe(false);
  });
});

describe('waiting for a place', () => {
  test('is first come, first served, and everybody gets through', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    const log: string[] = [];
    for (const id of ['1', '2', '3', '4', '5']) applicant(governor, id, log);
    for (const id of ['1', '2', '3', '4']) governor.ended(id);
    expect(log).toEqual(['1 logs in', '2 logs in', '3 logs in', '4 logs in', '5 logs in']);
  });

  test('keeps the order also when several places come free', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 3 });
    const log: string[] = [];
    const ids = Array.from({ length: 20 }, (_, index) => String(index + 1));
    for (const id of ids) applicant(governor, id, log);
    for (const id of ids) {
      expect(governor.loginsUnderWay).toBeLessThanOrEqual(3);
      governor.ended(id);
    }
    expect(log).toEqual(ids.map((id) => `${id} logs in`));
  });

  test('wakes no more than there are places, however many wait', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 4 });
    const ids = Array.from({ length: 1000 }, (_, index) => String(index));
    let woken = 0;
    const tryIt = (id: string) => (): void => {
      woken += 1;
      if (!governor.ask(id, START).allowed) governor.onFree(tryIt(id));
    };
    for (const id of ids) tryIt(id)();
    for (const id of ids) governor.ended(id);
    // Each asks once, and once more when it is woken.
    expect(woken).toBe(1000 + 996);
  });

  test('one that takes a moment to ask holds its place; when it does not take it, the next one is woken', async () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    const log: string[] = [];
    governor.ask('1', START);
    let decide = (): void => {};
    governor.onFree(() => new Promise<void>((resolve) => (decide = resolve)));
    const third = applicant(governor, '3', log);
    governor.ended('1');
    expect(third.isWaiting).toBe(true);
    decide();
    await Promise.resolve();
    await Promise.resolve();
    expect(log).toEqual(['3 logs in']);
  });

  test('forgets nobody when a woken one gives up: the next gets the place', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    const log: string[] = [];
    governor.ask('1', START);
    // It was told to stop meanwhile, and does not ask when it is woken.
    governor.onFree(() => log.push('2 gave up'));
    const third = applicant(governor, '3', log);
    governor.ended('1');
    expect(log).toEqual(['2 gave up', '3 logs in']);
    expect(third.isWaiting).toBe(false);
  });

  test('forgets nobody when a woken one meets its own cap', () => {
    const governor = new LoginGovernor({ loginsPerHour: 1, concurrentLogins: 1 });
    const log: string[] = [];
    governor.ask('2', START);
    governor.ended('2');
    governor.ask('1', START);
    governor.onFree(() => log.push(governor.ask('2', START).allowed ? '2 logs in' : '2 must wait an hour'));
    applicant(governor, '3', log);
    governor.ended('1');
    expect(log).toEqual(['2 must wait an hour', '3 logs in']);
  });

  test('wakes each waiting one once', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    let woken = 0;
    governor.ask('1', START);
    governor.onFree(() => (woken += 1));
    governor.ended('1');
    governor.ask('1', START);
    governor.ended('1');
    expect(woken).toBe(1);
  });

  test('can be stopped', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    const log: string[] = [];
    governor.ask('1', START);
    const second = applicant(governor, '2', log);
    applicant(governor, '3', log);
    second.leave();
    second.leave();
    governor.ended('1');
    expect(log).toEqual(['3 logs in']);
  });

  test('can be stopped by one that is woken before', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    const log: string[] = [];
    governor.ask('1', START);
    governor.onFree(() => third.leave());
    const third = applicant(governor, '3', log);
    governor.ended('1');
    expect(log).toEqual([]);
    expect(governor.loginsUnderWay).toBe(0);
  });

  test('survives one whose waking fails: the others are woken at the next end', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    const log: string[] = [];
    governor.ask('1', START);
    governor.onFree(() => {
      throw new Error('broken');
    });
    applicant(governor, '3', log);
    expect(() => governor.ended('1')).toThrow('broken');
    governor.ask('1', START);
    governor.ended('1');
    expect(log).toEqual(['3 logs in']);
  });
});

describe('405', () => {
  const refusing = (): LoginGovernor => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 4 });
    governor.ask('1', START);
    governor.versionRefused();
    governor.ended('1');
    return governor;
  };
  const refusal = { allowed: false, because: 'version_refused', retryAt: null };

  test('stops everybody, the one that met it included, for as long as it takes', () => {
    const governor = refusing();
    expect(governor.isVersionRefused).toBe(true);
    for (const id of ['1', '2', '3']) expect(governor.ask(id, START + 24 * HOUR)).toEqual(refusal);
    expect(governor.loginsUnderWay).toBe(0);
  });

  test('stops those that wait for a place', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 1 });
    governor.ask('1', START);
    const answers: unknown[] = [];
    governor.onFree(() => answers.push(governor.ask('2', START)));
    governor.versionRefused();
    governor.ended('1');
    expect(answers).toEqual([refusal]);
  });

  test('lets the one try that a person starts, and nobody else', () => {
    const governor = refusing();
    governor.allowTrial('2');
    expect(governor.ask('1', START)).toEqual(refusal);
    expect(governor.ask('3', START)).toEqual(refusal);
    expect(governor.ask('2', START)).toEqual({ allowed: true });
  });

  test('a second refusal ends the trial', () => {
    const governor = refusing();
    governor.allowTrial('2');
    governor.ask('2', START);
    governor.versionRefused();
    governor.ended('2');
    expect(governor.ask('2', START)).toEqual(refusal);
  });

  test('a trial that was allowed before the refusal does not outlive it', () => {
    const governor = new LoginGovernor({ loginsPerHour: 60, concurrentLogins: 4 });
    governor.allowTrial('2');
    governor.versionRefused();
    expect(governor.ask('2', START)).toEqual(refusal);
  });

  test('an accepted login opens for everybody, and says once that there is news', () => {
    const governor = refusing();
    governor.allowTrial('2');
    governor.ask('2', START);
    governor.ended('2');
    expect(governor.versionAccepted()).toBe(true);
    expect(governor.isVersionRefused).toBe(false);
    expect(governor.versionAccepted()).toBe(false);
    for (const id of ['1', '3']) expect(governor.ask(id, START)).toEqual({ allowed: true });
  });

  test('the caps hold for the trial as well', () => {
    const governor = new LoginGovernor({ loginsPerHour: 1, concurrentLogins: 4 });
    governor.ask('1', START);
    governor.versionRefused();
    governor.ended('1');
    governor.allowTrial('1');
    expect(governor.ask('1', START)).toMatchObject({ allowed: false, because: 'organization_cap' });
  });
});

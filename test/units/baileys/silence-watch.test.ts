import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SilenceWatch } from '../../../src/baileys/silence-watch.js';

describe('the watch over silent sockets', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
  });

  test('tells every socket of the time that passed, with one timer, until the last one is gone', () => {
    const watch = new SilenceWatch(1000);
    const heard: Record<string, number> = { one: 0, other: 0 };
    const endOne = watch.add((ms) => void (heard.one! += ms));
    const endOther = watch.add((ms) => void (heard.other! += ms));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(3000);
    expect(heard).toEqual({ one: 3000, other: 3000 });
    endOne();
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual({ one: 3000, other: 4000 });
    endOther();
    endOther();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('time in which the process stood still is two looks at most; a clock that is set back counts nothing', () => {
    const watch = new SilenceWatch(1000);
    let silent = 0;
    watch.add((ms) => (silent += ms));
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(1000);
    expect(silent).toBe(2000);
    vi.setSystemTime(Date.now() - 7_200_000);
    vi.advanceTimersByTime(1000);
    expect(silent).toBe(2000);
  });

  test('a socket that ends at a look, or ends another one, harms nobody', () => {
    const watch = new SilenceWatch(1000);
    const heard: string[] = [];
    const end = watch.add(() => {
      heard.push('first');
      end();
    });
    watch.add(() => heard.push('second'));
    vi.advanceTimersByTime(2000);
    expect(heard).toEqual(['first', 'second', 'second']);
  });
});

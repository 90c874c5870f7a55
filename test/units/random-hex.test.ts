import { describe, expect, it } from 'vitest';
import { randomHex } from '../../src/random-hex.js';

describe('hexadecimal digits of chance', () => {
  it.each([1, 18, 30])('are %i, and none of them is always the same', (digits) => {
    const drawn = Array.from({ length: 200 }, () => randomHex(digits));
    for (const one of drawn) expect(one).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`));
    for (let place = 0; place < digits; place++) {
      expect(new Set(drawn.map((one) => one[place])).size).toBeGreaterThan(8);
    }
  });

  it('are not to be had beyond what a UUID holds', () => {
    expect(() => randomHex(31)).toThrow(RangeError);
  });
});

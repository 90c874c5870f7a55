import { describe, expect, test } from 'vitest';
import { startParts, type Part } from '../../src/parts.js';

type Said = string[];

function part(name: string, failing: 'start' | 'stop' | null = null): Part<Said> {
  return {
    name,
    start: async (said) => {
      await Promise.resolve();
      if (failing === 'start') throw new Error(`${name} cannot start`);
      said.push(`${name} starts`);
    },
    stop: async (said) => {
      await Promise.resolve();
      said.push(`${name} stops`);
      if (failing === 'stop') throw new Error(`${name} cannot stop`);
    },
  };
}

describe('parts', () => {
  test('start one after another, and stop the other way round', async () => {
    const said: Said = [];
    const { stop } = await startParts([part('a'), part('b'), { name: 'c', start: () => {} }, part('d')], said);
    expect(said).toEqual(['a starts', 'b starts', 'd starts']);
    await stop();
    expect(said.slice(3)).toEqual(['d stops', 'b stops', 'a stops']);
  });

  test('stop once, however often that is asked', async () => {
    const said: Said = [];
    const { stop } = await startParts([part('a')], said);
    await Promise.all([stop(), stop()]);
    await stop();
    expect(said).toEqual(['a starts', 'a stops']);
  });

  test('that cannot start stop those before them, and none after them starts', async () => {
    const said: Said = [];
    await expect(startParts([part('a'), part('b'), part('c', 'start'), part('d')], said)).rejects.toThrow(
      'c cannot start',
    );
    expect(said).toEqual(['a starts', 'b starts', 'b stops', 'a stops']);
  });

  test('tell why they could not start, also when another cannot stop then', async () => {
    const said: Said = [];
    await expect(startParts([part('a'), part('b', 'stop'), part('c', 'start')], said)).rejects.toThrow(
      'c cannot start',
    );
    expect(said.slice(2)).toEqual(['b stops', 'a stops']);
  });

  test('are all stopped although one cannot, and the first failure is told', async () => {
    const said: Said = [];
    const { stop } = await startParts([part('a'), part('b', 'stop'), part('c', 'stop')], said);
    await expect(stop()).rejects.toThrow('c cannot stop');
    expect(said.slice(3)).toEqual(['c stops', 'b stops', 'a stops']);
  });
});

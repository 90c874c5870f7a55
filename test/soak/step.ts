import type { Chance } from '../crash/chance.js';
import type { World } from './world.js';

export interface Step {
  readonly name: string;
  /** How often, in relation to the others. */
  readonly weight: number;
  /** Does it; returns what exactly it did, or null when it cannot be now. */
  take(world: World, chance: Chance): string | null | Promise<string | null>;
}

export const step = (name: string, weight: number, take: Step['take']): Step => ({ name, weight, take });

export function short(number: string): string {
  return number.slice(-4);
}

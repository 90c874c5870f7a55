import type { Context } from '../command.js';
import { usage } from '../exit-codes.js';
import { readDuration } from '../format.js';
import type { Text } from '../language.js';

const DURATION: Text = {
  es: '--{name} debe ser un tiempo: 90 (segundos), 30m, 2h, 1d.',
  en: '--{name} must be a duration: 90 (seconds), 30m, 2h, 1d.',
};
const COUNT: Text = {
  es: '--{name} debe ser un número entero entre 1 y {max}.',
  en: '--{name} must be a whole number between 1 and {max}.',
};

/** Seconds. */
export function durationOption(context: Context, name: string): number | undefined {
  const text = context.values[name];
  if (text === undefined) return undefined;
  const seconds = readDuration(text);
  if (seconds === null) throw usage(context.say(DURATION, { name }));
  return seconds;
}

export function countOption(context: Context, name: string, fallback: number, max: number): number {
  const text = context.values[name];
  if (text === undefined) return fallback;
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > max) throw usage(context.say(COUNT, { name, max }));
  return count;
}

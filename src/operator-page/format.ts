import { computed, signal } from '@preact/signals';
import { language, words } from './settings.js';

/** Now, epoch ms, once a second; for countdowns and "3 minutes ago". Only what shows it is drawn again. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 1000);
/** The same in steps of ten seconds: what says "3 minutes ago" need not be drawn every second. */
const coarseNow = computed(() => Math.floor(now.value / 10_000) * 10_000);

const locale = computed(() => (language.value === 'es' ? 'es' : 'en-GB'));
const moment = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }));
const exact = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'full', timeStyle: 'medium' }));
const clock = computed(() => new Intl.DateTimeFormat(locale.value, { timeStyle: 'medium' }));
const shortClock = computed(() => new Intl.DateTimeFormat(locale.value, { timeStyle: 'short' }));
const day = computed(() => new Intl.DateTimeFormat(locale.value, { weekday: 'long', day: 'numeric', month: 'long' }));
const shortDay = computed(() => new Intl.DateTimeFormat(locale.value, { day: 'numeric', month: 'short' }));
const relative = computed(() => new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' }));
const number = computed(() => new Intl.NumberFormat(locale.value));

export const formatMoment = (iso: string | number): string => moment.value.format(new Date(iso));
export const formatExact = (iso: string | number): string => exact.value.format(new Date(iso));
export const formatClock = (iso: string | number): string => clock.value.format(new Date(iso));
export const formatShortClock = (iso: string | number): string => shortClock.value.format(new Date(iso));
export const formatDay = (iso: string | number): string => day.value.format(new Date(iso));
export const formatShortDay = (iso: string | number): string => shortDay.value.format(new Date(iso));
export const formatNumber = (value: number): string => number.value.format(value);

/** ms within which a time of day says enough. */
const HALF_A_DAY = 12 * 3_600_000;
/** When something comes, as a clock shows it: unlike "in 20 seconds" it need not be read out again and again. */
export const formatSoonest = (iso: string): string =>
  new Date(iso).getTime() - Date.now() < HALF_A_DAY ? formatClock(iso) : formatMoment(iso);

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** "3 minutes ago", "in 20 seconds", in the page's language. */
export function formatAgo(iso: string): string {
  const distance = new Date(iso).getTime() - coarseNow.value;
  // Clocks differ by seconds, and ten seconds are this clock's step.
  if (Math.abs(distance) < 10_000) return relative.value.format(0, 'second');
  const [unit, size] = STEPS.find(([, one]) => Math.abs(distance) >= one) ?? (['second', 1000] as const);
  return relative.value.format(Math.round(distance / size), unit);
}

/** Bytes, as "120 kB". */
export function formatSize(bytes: number): string {
  return bytes < 1_000_000
    ? `${formatNumber(Math.max(1, Math.round(bytes / 1000)))} kB`
    : `${formatNumber(Math.round(bytes / 100_000) / 10)} MB`;
}

/** A word of a table that the service may know more of than this page. */
export function wordFor(
  table: Readonly<Record<string, string>>,
  key: string | number | boolean | null | undefined,
): string {
  if (key === null || key === undefined) return words.value.none;
  return table[String(key)] ?? String(key);
}

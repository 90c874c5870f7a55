import { stripVTControlCharacters } from 'node:util';

/** Texts for a terminal. Pure. */

/** Nothing that comes over the wire may move the cursor, colour the screen or ring the bell. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ');
}

export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

const GAP = '  ';

/** Columns as wide as their widest cell; nothing is cut off. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** `name  value`, one a line, the values below each other. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...pairs.map(([name]) => width(name)));
  return pairs.map(([name, value]) => `${name}${' '.repeat(longest - width(name))}${GAP}${value}`).join('\n');
}

const two = (value: number): string => String(value).padStart(2, '0');

/** ISO 8601 -> `2026-01-31 15:00:05` in this machine's zone. */
export function localTime(iso: string | null | undefined): string {
  if (iso === null || iso === undefined) return '—';
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return printable(iso);
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes -> `1.5 MB`; 1 KB is 1024 bytes. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `30m`, `2h`, `1d` -> seconds; null for everything else. */
export function readDuration(text: string): number | null {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  return match ? Number(match[1]) * (SECONDS[match[2] || 's'] ?? 1) : null;
}

/** `+30m` -> the time in so long, ISO 8601; null when unreadable. A time written out is for the service to check. */
export function readTime(text: string, now: number): string | null {
  if (!text.startsWith('+')) return text;
  const seconds = readDuration(text.slice(1));
  return seconds === null ? null : new Date(now + seconds * 1000).toISOString();
}

import type { Verdict } from './verdict.js';

const COLUMNS: readonly (readonly [string, (verdict: Verdict) => string | number])[] = [
  ['killed during', ({ plan }) => plan],
  ['kills', ({ kills }) => kills],
  ['accepted', ({ accepted }) => accepted],
  ['delivered', ({ delivered }) => delivered],
  ['expired', ({ expired }) => expired],
  ['unconfirmed', ({ unconfirmed }) => unconfirmed],
  ['LOST', ({ lost }) => lost],
  ['DOUBLED', ({ doubled }) => doubled],
  ['overtaken', ({ overtaken }) => overtaken],
  ['customers wrote', ({ written }) => written],
  ['read', ({ read }) => read],
  ['device gone', ({ onPhoneOnly }) => onPhoneOnly],
  ['asked again', ({ askedAgain }) => askedAgain],
  ['Bad MAC', ({ badMacs }) => badMacs],
  ['UNREADABLE', ({ unreadable }) => unreadable],
  ['refused, disk full', ({ refused }) => refused],
  ['databases opened', ({ opened }) => opened],
  ['s', ({ seconds }) => seconds.toFixed(0)],
];

/** What was killed how often, and what came of it. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => COLUMNS.map(([, value]) => String(value(verdict))));
  if (verdicts.length > 1) {
    const sums = COLUMNS.map(([name, value], column) =>
      column === 0
        ? 'together'
        : name === 's'
          ? sum(verdicts.map(({ seconds }) => seconds)).toFixed(0)
          : String(sum(verdicts.map((verdict) => Number(value(verdict))))),
    );
    rows.push(sums);
  }
  const heads = COLUMNS.map(([name]) => name);
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [line(heads), ...rows.map(line)].join('\n');
}

/** Each moment at which a plug was pulled, and how often. */
export function moments(verdicts: readonly Verdict[]): string {
  return verdicts
    .flatMap(({ plan, struck }) => [
      plan,
      ...[...struck].map(([what, times]) => `  ${String(times).padStart(4)} ${what}`),
    ])
    .join('\n');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

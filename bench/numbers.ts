/** Who is who: the phones of organizations, and their customers. Colombian mobile numbers, of nobody. */
export function phoneOf(organization: number): string {
  return `57300${1_000_000 + organization}`;
}

export function customerOf(organization: number, customer: number): string {
  return `57310${String(organization * 100 + customer).padStart(7, '0')}`;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}

export const fixed = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** The order changes from round to round, so that nobody always comes after the same one. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

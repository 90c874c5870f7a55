/** Hours in which an organization's customers are left in peace; local to a time zone. */
export interface QuietHours {
  /** `21:00` */
  readonly from: string;
  /** `08:00`; before `from` means the next morning. */
  readonly to: string;
  /** IANA, `America/Bogota`. */
  readonly timeZone: string;
}

const MINUTE = 60_000;

/** When a message may go that wants to go at `now` (epoch ms): now, or the end of the quiet hours. Pure. */
export function afterQuietHours(quiet: QuietHours | null, now: number): number {
  if (!quiet) return now;
  const minutes = localMinutes(now, quiet.timeZone);
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const isQuiet = from <= to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
  if (!isQuiet) return now;
  const wait = (to - minutes + 1440) % 1440;
  return Math.floor(now / MINUTE) * MINUTE + wait * MINUTE;
}

/** `HH:MM` -> minutes of the day. */
export function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  return hours * 60 + minutes;
}

function localMinutes(now: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return minutesOf(parts.format(now));
}

import type { DestinationStream } from 'pino';

export interface LogLine {
  readonly level: string;
  readonly event?: string;
  readonly org?: string;
  readonly msg?: string;
}

/** The service's log while it runs inside the demo: kept, to show the lines that matter, and handed on as it comes. */
export class ServiceLog implements DestinationStream {
  readonly lines: LogLine[] = [];
  /** Called with each line from now on. */
  onLine: ((line: LogLine) => void) | null = null;

  write(text: string): void {
    const line = JSON.parse(text) as LogLine;
    this.lines.push(line);
    this.onLine?.(line);
  }
}

/** As a person reads it: `org_id_2 session_cleaned: Limit reached…`. */
export function readable({ level, org, event, msg }: LogLine): string {
  return [level.toUpperCase(), org, `${event ?? ''}:`, msg].filter(Boolean).join(' ');
}

import { EventEmitter } from 'node:events';
import type { DestinationStream } from 'pino';

export interface LogLine {
  level: string;
  event?: string;
  org?: string;
  msg?: string;
  [field: string]: unknown;
}

/** The service's log as tests read it: every line, and a way to wait for one without polling. */
export class LogLines implements DestinationStream {
  readonly lines: LogLine[] = [];
  /** Everything that was printed, word by word, to be searched for secrets at the end. */
  text = '';
  private readonly added = new EventEmitter().setMaxListeners(0);
  private rest = '';

  write(chunk: string): void {
    this.text += chunk;
    const pieces = (this.rest + chunk).split('\n');
    this.rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      if (piece.startsWith('{')) this.lines.push(JSON.parse(piece) as LogLine);
    }
    this.added.emit('line');
  }

  events(event: string, org?: string): LogLine[] {
    return this.lines.filter((line) => line.event === event && (org === undefined || line.org === `org_id_${org}`));
  }

  /** Resolves with the `count`-th line of this event (of this organization). */
  async until(event: string, options: { org?: string; count?: number; timeoutMs?: number } = {}): Promise<LogLine> {
    const { org, count = 1, timeoutMs = 60_000 } = options;
    const found = (): LogLine | undefined => this.events(event, org)[count - 1];
    const ready = found();
    if (ready) return ready;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.added.off('line', look);
        const seen = this.lines.slice(-25).map((line) => `${line.org ?? '-'} ${line.event}: ${line.msg}`);
        reject(
          new Error(
            `no ${count}. ${event}${org ? ` of ${org}` : ''} within ${timeoutMs} ms; last lines:\n${seen.join('\n')}`,
          ),
        );
      }, timeoutMs);
      const look = (): void => {
        const line = found();
        if (!line) return;
        clearTimeout(timer);
        this.added.off('line', look);
        resolve(line);
      };
      this.added.on('line', look);
    });
  }
}

/** Server-sent events (WHATWG HTML, 9.2) from the pieces in which they arrive. Only what this program needs: `id` and `data`. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Longest event that is taken, characters; whatever sends more is not our service. */
const MAX_EVENT = 1_000_000;

export class EventStreamReader {
  private rest = '';
  private data: string[] = [];
  private id: string | undefined;

  /** The events that this piece completes. */
  read(piece: string): StreamEvent[] {
    this.rest += piece;
    const found: StreamEvent[] = [];
    // A "\r" at the end may be half of a "\r\n".
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) found.push({ id: this.id, data: this.data.join('\n') });
        this.data = [];
        continue;
      }
      const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === 'data') this.data.push(value);
      if (field === 'id' && !value.includes('\0')) this.id = value;
    }
    if (this.rest.length > MAX_EVENT || this.data.length > MAX_EVENT) throw new Error('an event without an end');
    return found;
  }
}

import { createParser } from 'eventsource-parser';

/** Of a server-sent event, only what this program needs. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Longest event that is taken, characters; whatever sends more is not our service. */
const MAX_EVENT = 1_000_000;

export class EventStreamReader {
  private found: StreamEvent[] = [];
  private lastId: string | undefined;
  private readonly parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent: ({ id, data }) => {
      // An event without an id has that of the one before.
      this.lastId = id ?? this.lastId;
      this.found.push({ id: this.lastId, data });
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });

  /** The events that this piece completes. */
  read(piece: string): StreamEvent[] {
    this.parser.feed(piece);
    return this.found.splice(0);
  }
}

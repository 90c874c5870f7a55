import type { ListedSession, ServiceEvent } from '../answers.js';
import { asFault, call, isAbort, type ServiceFault } from '../service.js';
import { type SessionWindow, withChanged, withFields, withMore } from './session-window.js';
import { onEvent } from './stream.js';

/** Rows that are asked for at a time: some screens full. */
const PAGE = 30;
/** The longest list the service gives, and the most ids it takes, in one answer. */
const MAX_PAGE = 1000;
const MAX_IDS = 200;
/** ms between two letters of a search that are one question. */
const TYPING = 60;
/** ms in which events are gathered, so that a burst is one question. */
const BURST = 400;
/** ms in which messages are: they only change the length of a queue. */
const MESSAGES = 3_000;
/** ms between two looks at what changes without an event (queues, old faults), for rows on the screen. */
const WITHOUT_EVENTS = 15_000;

const FIELDS = 'status,phone_number,attention,next_reconnect_at,sentence,hint,counters,queue,last_event';
const QUIET_FIELDS = 'queue,counters';

interface Answer extends Omit<SessionWindow, 'rows'> {
  readonly sessions: readonly ListedSession[];
}

export interface ListState {
  readonly window: SessionWindow | null;
  readonly fault: ServiceFault | null;
  readonly busy: boolean;
}

/** What the page shows now. */
export interface Shown {
  readonly window: SessionWindow | null;
  /** Names the rows that somebody sees. */
  readonly onScreen: () => readonly string[];
}

/** Reads the list of organizations that fit a question, and keeps it up to date until it is closed. */
export class SessionReader {
  private readonly end = new AbortController();
  /** What is under way is not asked again; what comes meanwhile is asked after it. */
  private line: Promise<void> = Promise.resolve();
  /** Organizations with events that were not read yet, and those with messages only. */
  private readonly changed = new Set<string>();
  private readonly wrote = new Set<string>();
  private burst: ReturnType<typeof setTimeout> | undefined;
  private messages: ReturnType<typeof setTimeout> | undefined;
  private readonly clock: ReturnType<typeof setInterval>;
  private readonly start: ReturnType<typeof setTimeout>;
  private readonly stopHearing: () => void;

  /** @param question search and group, as the service reads them */
  constructor(
    private readonly question: Readonly<Record<string, string>>,
    private readonly shown: { readonly current: Shown },
    private readonly setState: (change: (before: ListState) => ListState) => void,
  ) {
    this.stopHearing = onEvent((event) => this.hear(event));
    this.clock = setInterval(() => {
      if (document.visibilityState !== 'visible') return;
      this.inLine(() => this.readFields(this.shown.current.onScreen(), QUIET_FIELDS));
    }, WITHOUT_EVENTS);
    this.start = setTimeout(() => this.inLine(() => this.load(0)), this.shown.current.window === null ? 0 : TYPING);
  }

  close(): void {
    this.end.abort();
    clearTimeout(this.start);
    clearTimeout(this.burst);
    clearTimeout(this.messages);
    clearInterval(this.clock);
    this.stopHearing();
  }

  reload(): void {
    this.inLine(() => this.load(this.rowsShown()));
  }

  more(): void {
    const next = this.shown.current.window?.next;
    if (next == null) return;
    this.setState((before) => ({ ...before, busy: true }));
    this.inLine(async () => {
      const more = windowOf(await this.ask({ limit: String(PAGE), after: next, fields: FIELDS }));
      this.change((before) => withMore(before, more));
    });
  }

  private hear({ name, organization_id: id }: ServiceEvent): void {
    if (!name.startsWith('message.')) {
      this.changed.add(id);
      this.burst ??= setTimeout(() => {
        this.burst = undefined;
        this.inLine(() => this.readChanged());
      }, BURST);
      return;
    }
    this.wrote.add(id);
    this.messages ??= setTimeout(() => {
      this.messages = undefined;
      const seen = this.shown.current.onScreen().filter((one) => this.wrote.has(one));
      this.wrote.clear();
      this.inLine(() => this.readFields(seen, 'queue'));
    }, MESSAGES);
  }

  private inLine(work: () => Promise<void>): void {
    this.line = this.line.then(async () => {
      if (this.end.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        if (this.end.signal.aborted || isAbort(error)) return;
        const fault = asFault(error);
        this.setState((before) => ({ ...before, fault, busy: false }));
      }
    });
  }

  private async ask(parameters: Readonly<Record<string, string>>): Promise<Answer> {
    const query = { sort: 'need' as const, ...this.question, ...parameters };
    // With a query everything is told but fields that were not asked for, and nothing here reads those.
    return (await call('GET /api/sessions', { query }, { signal: this.end.signal })) as Answer;
  }

  private change(to: (before: SessionWindow) => SessionWindow): void {
    if (this.end.signal.aborted) return;
    this.setState(({ window }) => ({ window: window && to(window), fault: null, busy: false }));
  }

  private rowsShown(): number {
    return this.shown.current.window?.rows.length ?? 0;
  }

  private async load(rows: number): Promise<void> {
    const limit = String(Math.min(MAX_PAGE, Math.max(PAGE, rows)));
    const window = windowOf(await this.ask({ limit, fields: FIELDS }));
    if (!this.end.signal.aborted) this.setState(() => ({ window, fault: null, busy: false }));
  }

  private async readChanged(): Promise<void> {
    const asked = new Set(this.changed);
    this.changed.clear();
    if (asked.size === 0) return;
    if (asked.size > MAX_IDS) return this.load(this.rowsShown());
    const [{ sessions }, { total, matching, groups }] = await Promise.all([
      this.ask({ ids: [...asked].join(','), fields: FIELDS }),
      this.ask({ limit: '1', fields: 'status' }),
    ]);
    this.change((before) => {
      const window = { ...withChanged(before, asked, sessions), total, matching, groups };
      // Many that moved on, and more that could take their place.
      if (window.next !== null && window.rows.length < PAGE) this.reload();
      return window;
    });
  }

  private async readFields(ids: readonly string[], fields: string): Promise<void> {
    if (ids.length === 0) return;
    const { sessions } = await this.ask({ ids: ids.slice(0, MAX_IDS).join(','), fields });
    this.change((before) => withFields(before, sessions));
  }
}

function windowOf({ sessions, ...rest }: Answer): SessionWindow {
  return { ...rest, rows: sessions };
}

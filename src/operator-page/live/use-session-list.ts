import { useEffect, useRef, useState } from 'preact/hooks';
import type { ListedSession, ServiceEvent } from '../answers.js';
import { asFault, get, isAbort, type ServiceFault } from '../service.js';
import type { SessionGroup } from '../session-group.js';
import { language } from '../settings.js';
import { type SessionWindow, withChanged, withFields, withMore } from './session-window.js';
import { comeBacks, onEvent } from './stream.js';

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
/** ms between two looks at what changes without an event: queues, and faults that are long enough ago. Only rows on the screen. */
const WITHOUT_EVENTS = 15_000;

const FIELDS = 'status,phone_number,attention,next_reconnect_at,sentence,hint,counters,queue,last_event';
const QUIET_FIELDS = 'queue,counters';

interface Answer extends Omit<SessionWindow, 'rows'> {
  sessions: ListedSession[];
}

export interface SessionList {
  window: SessionWindow | null;
  fault: ServiceFault | null;
  busy: boolean;
  reload: () => void;
  more: () => void;
}

/**
 * The organizations that fit, those that need a person first, as far as they were asked for. What events tell of is asked for by id, so that
 * a page that is open costs the same with ten organizations and with a thousand. `onScreen` names the rows that somebody sees.
 */
export function useSessionList(
  search: string,
  group: SessionGroup | 'all',
  onScreen: () => readonly string[],
): SessionList {
  const [state, setState] = useState<{ window: SessionWindow | null; fault: ServiceFault | null; busy: boolean }>({
    window: null,
    fault: null,
    busy: false,
  });
  const latest = useRef({ window: state.window, onScreen });
  latest.current = { window: state.window, onScreen };
  const acts = useRef({ reload: () => {}, more: () => {} });
  const spoken = language.value;
  const returned = comeBacks.value;

  useEffect(() => {
    const end = new AbortController();
    const ask = async (parameters: Record<string, string>): Promise<Answer> => {
      const query = new URLSearchParams({
        sort: 'need',
        ...(search !== '' && { search }),
        ...(group !== 'all' && { group }),
        ...parameters,
      });
      return get<Answer>(`/api/sessions?${query.toString()}`, { signal: end.signal });
    };
    /** What is under way is not asked again; what comes meanwhile is asked after it. */
    let line: Promise<void> = Promise.resolve();
    const inLine = (work: () => Promise<void>): void => {
      line = line.then(async () => {
        if (end.signal.aborted) return;
        try {
          await work();
        } catch (error) {
          if (end.signal.aborted || isAbort(error)) return;
          const fault = asFault(error);
          setState((before) => ({ ...before, fault, busy: false }));
        }
      });
    };
    const change = (to: (before: SessionWindow) => SessionWindow): void => {
      if (end.signal.aborted) return;
      setState(({ window }) => ({ window: window && to(window), fault: null, busy: false }));
    };
    const windowOf = ({ sessions, ...rest }: Answer): SessionWindow => ({ ...rest, rows: sessions });

    const load = async (rows: number): Promise<void> => {
      const answer = windowOf(await ask({ limit: String(Math.min(MAX_PAGE, Math.max(PAGE, rows))), fields: FIELDS }));
      if (!end.signal.aborted) setState({ window: answer, fault: null, busy: false });
    };
    acts.current = {
      reload: () => inLine(() => load(latest.current.window?.rows.length ?? 0)),
      more: () => {
        const next = latest.current.window?.next;
        if (next == null) return;
        setState((before) => ({ ...before, busy: true }));
        inLine(async () => {
          const more = windowOf(await ask({ limit: String(PAGE), after: next, fields: FIELDS }));
          change((before) => withMore(before, more));
        });
      },
    };

    const changed = new Set<string>();
    const readChanged = async (): Promise<void> => {
      const asked = new Set(changed);
      changed.clear();
      if (asked.size === 0) return;
      if (asked.size > MAX_IDS) return load(latest.current.window?.rows.length ?? 0);
      const [{ sessions }, { total, matching, groups }] = await Promise.all([
        ask({ ids: [...asked].join(','), fields: FIELDS }),
        ask({ limit: '1', fields: 'status' }),
      ]);
      change((before) => {
        const window = { ...withChanged(before, asked, sessions), total, matching, groups };
        // Many that moved on, and more that could take their place.
        if (window.next !== null && window.rows.length < PAGE) acts.current.reload();
        return window;
      });
    };
    const readFields = async (ids: readonly string[], fields: string): Promise<void> => {
      if (ids.length === 0) return;
      const { sessions } = await ask({ ids: ids.slice(0, MAX_IDS).join(','), fields });
      change((before) => withFields(before, sessions));
    };

    const wrote = new Set<string>();
    let burst: ReturnType<typeof setTimeout> | undefined;
    let messages: ReturnType<typeof setTimeout> | undefined;
    const stopHearing = onEvent(({ name, organization_id: id }: ServiceEvent) => {
      if (!name.startsWith('message.')) {
        changed.add(id);
        burst ??= setTimeout(() => {
          burst = undefined;
          inLine(readChanged);
        }, BURST);
        return;
      }
      wrote.add(id);
      messages ??= setTimeout(() => {
        messages = undefined;
        const seen = latest.current.onScreen().filter((one) => wrote.has(one));
        wrote.clear();
        inLine(() => readFields(seen, 'queue'));
      }, MESSAGES);
    });
    const clock = setInterval(() => {
      if (document.visibilityState === 'visible') inLine(() => readFields(latest.current.onScreen(), QUIET_FIELDS));
    }, WITHOUT_EVENTS);
    const start = setTimeout(() => inLine(() => load(0)), latest.current.window === null ? 0 : TYPING);
    return () => {
      end.abort();
      clearTimeout(start);
      clearTimeout(burst);
      clearTimeout(messages);
      clearInterval(clock);
      stopHearing();
    };
  }, [search, group, spoken, returned]);

  return { ...state, reload: () => acts.current.reload(), more: () => acts.current.more() };
}

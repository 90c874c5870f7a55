import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ServiceEvent } from '../answers.js';
import { asFault, isAbort, type ServiceFault } from '../service.js';
import { language } from '../settings.js';
import { comeBacks, onEvent } from './stream.js';

/** ms between two readings at least: a burst of events is one reading, and the last one is never missed. */
const AT_MOST_EVERY = 400;
/** ms until something is read again whose change matters less: the length of a queue under load. */
const SOON = 3_000;

/** ms between two readings of what may change without an event: accepted messages, deliveries of webhooks. */
export const WITHOUT_EVENTS = 5_000;

/** Whether an event changes what is shown: at once, in a while, or not at all. */
export type Concern = 'now' | 'soon' | false;

export interface Loaded<Data> {
  /** The last that was read; stays while it is read again, also when that fails. */
  data: Data | null;
  fault: ServiceFault | null;
  reload: () => void;
}

/**
 * Reads something of the service, and again when `concerns` says that an event touches it, when the connection is
 * back, and when the language changes; with `everyMs` also after so long, while somebody looks. `key` names what is
 * read: with another key everything begins anew.
 */
export function useLoaded<Data>(
  key: string,
  load: (signal: AbortSignal) => Promise<Data>,
  concerns: (event: ServiceEvent) => Concern = () => false,
  everyMs?: number,
): Loaded<Data> {
  const [state, setState] = useState<{ key: string; data: Data | null; fault: ServiceFault | null }>({
    key,
    data: null,
    fault: null,
  });
  const latest = useRef({ load, concerns });
  latest.current = { load, concerns };
  const ask = useRef<() => void>(() => {});
  const spoken = language.value;
  const returned = comeBacks.value;

  useEffect(() => {
    const end = new AbortController();
    const readings = atMostEvery(AT_MOST_EVERY, async () => {
      try {
        const data = await latest.current.load(end.signal);
        if (!end.signal.aborted) setState({ key, data, fault: null });
      } catch (error) {
        if (end.signal.aborted || isAbort(error)) return;
        const fault = asFault(error);
        setState((before) => ({ key, data: before.key === key ? before.data : null, fault }));
      }
    });
    ask.current = readings.ask;
    readings.ask();
    const look = (): void => {
      if (document.visibilityState === 'visible') readings.ask();
    };
    const clock = everyMs === undefined ? undefined : setInterval(look, everyMs);
    let later: ReturnType<typeof setTimeout> | undefined;
    const stopHearing = onEvent((event) => {
      const concern = latest.current.concerns(event);
      if (concern === 'now') readings.ask();
      if (concern !== 'soon') return;
      later ??= setTimeout(() => {
        later = undefined;
        readings.ask();
      }, SOON);
    });
    return () => {
      end.abort();
      readings.stop();
      clearTimeout(later);
      clearInterval(clock);
      stopHearing();
    };
  }, [key, spoken, returned, everyMs]);

  const reload = useCallback(() => ask.current(), []);
  return state.key === key ? { ...state, reload } : { data: null, fault: null, reload };
}

/** One reading at a time, begun at most every `ms`; what is asked for meanwhile is one more reading after it. */
function atMostEvery(ms: number, read: () => Promise<void>): { ask: () => void; stop: () => void } {
  let busy = false;
  let again = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async (): Promise<void> => {
    busy = true;
    again = false;
    const startedAt = Date.now();
    await read();
    if (stopped) return;
    const free = (): void => {
      busy = false;
      if (again) void run();
    };
    timer = setTimeout(free, Math.max(0, ms - (Date.now() - startedAt)));
  };
  return {
    ask: () => {
      if (busy) again = true;
      else void run();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

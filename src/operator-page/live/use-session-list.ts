import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionGroup } from '../session-group.js';
import { language } from '../settings.js';
import { type ListState, SessionReader } from './session-reader.js';
import { comeBacks } from './stream.js';

export interface SessionList extends ListState {
  reload: () => void;
  more: () => void;
}

/**
 * The organizations that fit, those that need a person first, as far as they were asked for. What events tell of is
 * asked for by id, so that a page that is open costs the same with ten organizations and with a thousand.
 * @param onScreen names the rows that somebody sees
 */
export function useSessionList(
  search: string,
  group: SessionGroup | 'all',
  onScreen: () => readonly string[],
): SessionList {
  const [state, setState] = useState<ListState>({ window: null, fault: null, busy: false });
  const shown = useRef({ window: state.window, onScreen });
  shown.current = { window: state.window, onScreen };
  const reader = useRef<SessionReader | null>(null);
  const spoken = language.value;
  const returned = comeBacks.value;

  useEffect(() => {
    const question = { ...(search !== '' && { search }), ...(group !== 'all' && { group }) };
    const current = new SessionReader(question, shown, setState);
    reader.current = current;
    return () => current.close();
  }, [search, group, spoken, returned]);

  return { ...state, reload: () => reader.current?.reload(), more: () => reader.current?.more() };
}

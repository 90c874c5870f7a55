import { useEffect, useState } from 'preact/hooks';
import type { ServiceFault } from '../service.js';
import { asFault, isAbort } from '../service.js';
import { type Concern, useLoaded } from './use-loaded.js';
import type { ServiceEvent } from '../answers.js';

export interface Page<Item> {
  items: Item[];
  /** What the following page is asked with; null at the end. */
  next: string | null;
}

interface Older<Item> {
  key: string;
  items: Item[];
  next: string | null | undefined;
  busy: boolean;
  fault: ServiceFault | null;
}

/** A list, newest first: its first page stays live, older pages are added on demand. `idOf` tells items apart, for pages move on while they are read. */
export function usePages<Item>(
  key: string,
  load: (after: string | null, signal?: AbortSignal) => Promise<Page<Item>>,
  idOf: (item: Item) => string,
  concerns: (event: ServiceEvent) => Concern,
) {
  const first = useLoaded(key, (end) => load(null, end), concerns);
  const nothing: Older<Item> = { key, items: [], next: undefined, busy: false, fault: null };
  const [kept, setOlder] = useState<Older<Item>>(nothing);
  const [all, setAll] = useState<{ key: string; items: Item[] }>({ key, items: [] });
  const older = kept.key === key ? kept : nothing;

  // What was on the first page before stays in the list when newer ones push it out.
  useEffect(() => {
    const fresh = first.data?.items;
    if (!fresh) return;
    setAll((before) => {
      const known = new Set(fresh.map(idOf));
      const pushedOut =
        before.key === key && overlaps(before.items, known)
          ? before.items.filter((item) => !known.has(idOf(item)))
          : [];
      return { key, items: [...fresh, ...pushedOut] };
    });
  }, [first.data, key]);

  function overlaps(items: readonly Item[], known: ReadonlySet<string>): boolean {
    return older.items.length > 0 && items.some((item) => known.has(idOf(item)));
  }

  const next = older.next === undefined ? (first.data?.next ?? null) : older.next;
  const loadOlder = async (): Promise<void> => {
    if (next === null || older.busy) return;
    setOlder({ ...older, busy: true, fault: null });
    try {
      const page = await load(next);
      setOlder((now) =>
        now.key === key
          ? { key, items: [...now.items, ...page.items], next: page.next, busy: false, fault: null }
          : now,
      );
    } catch (error) {
      if (isAbort(error)) return;
      const fault = asFault(error);
      setOlder((now) => ({ ...now, busy: false, fault }));
    }
  };

  const newest = all.key === key ? all.items : [];
  const known = new Set(newest.map(idOf));
  return {
    items: [...newest, ...older.items.filter((item) => !known.has(idOf(item)))],
    isLoaded: first.data !== null,
    fault: first.fault ?? older.fault,
    reload: first.reload,
    hasOlder: next !== null,
    isLoadingOlder: older.busy,
    loadOlder: () => void loadOlder(),
  };
}

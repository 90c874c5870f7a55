import { useEffect, useRef, useState } from 'preact/hooks';
import type { ServiceEvent } from '../answers.js';
import type { ServiceFault } from '../service.js';
import { type Concern, useLoaded } from './use-loaded.js';

/** Pages that are open at most; whoever looks for something older searches for it. */
const MOST_PAGES = 20;
/** With more pages open than this, news is read in a while and not at once: each reading reads them all. */
const FEW_PAGES = 3;

export interface Page<Item> {
  items: Item[];
  /** What the following page is asked with; null at the end. */
  next: string | null;
}

export interface Pages<Item> {
  items: Item[];
  isLoaded: boolean;
  fault: ServiceFault | null;
  reload: () => void;
  hasOlder: boolean;
  isLoadingOlder: boolean;
  loadOlder: () => void;
}

/**
 * A list, newest first, that stays live: at each news all open pages are read again, one after the other, so that
 * nothing is missing between them, nothing is there twice, and what has changed is shown as it is.
 */
export function usePages<Item>(
  key: string,
  load: (after: string | null, signal: AbortSignal) => Promise<Page<Item>>,
  concerns: (event: ServiceEvent) => boolean,
  everyMs?: number,
): Pages<Item> {
  const [wanted, setWanted] = useState({ key, pages: 1 });
  const open = useRef(wanted);
  open.current = wanted.key === key ? wanted : { key, pages: 1 };
  const { pages } = open.current;

  const readAll = async (end: AbortSignal): Promise<Page<Item> & { pages: number }> => {
    const items: Item[] = [];
    let after: string | null = null;
    let read = 0;
    do {
      const page: Page<Item> = await load(after, end);
      items.push(...page.items);
      after = page.next;
      read += 1;
    } while (after !== null && read < open.current.pages);
    return { items, next: after, pages: read };
  };
  const news = (event: ServiceEvent): Concern => concerns(event) && (open.current.pages > FEW_PAGES ? 'soon' : 'now');
  const { data, fault, reload } = useLoaded(key, readAll, news, everyMs && pages > FEW_PAGES ? 3 * everyMs : everyMs);
  useEffect(() => {
    if (pages > 1) reload();
  }, [pages]);

  return {
    items: data?.items ?? [],
    isLoaded: data !== null,
    fault,
    reload,
    hasOlder: data !== null && data.next !== null && data.pages < MOST_PAGES,
    isLoadingOlder: data !== null && data.pages < pages && fault === null,
    loadOlder: () => setWanted({ key, pages: (data?.pages ?? 1) + 1 }),
  };
}

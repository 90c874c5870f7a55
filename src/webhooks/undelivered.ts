import type { MessageState } from '../outbox/outbox-message.js';

/** What is known of a message when it is looked at. Times are epoch ms, delays ms. */
export interface Looked {
  readonly state: MessageState;
  /** When it could leave: when it was accepted, or its `send_at`, or the end of the quiet hours after that. */
  readonly from: number;
}

/** What to do about it: tell now, look again at a time, or forget it. */
export type Judgement = 'tell' | 'forget' | { readonly lookAt: number };

/** Nothing more will be tried, or it may not: who waits for such a message waits in vain. */
const OVER: readonly MessageState[] = ['failed', 'expired', 'unconfirmed'];
/** It has arrived, or nobody wants it to. */
const FINE: readonly MessageState[] = ['delivered', 'read', 'cancelled'];

/**
 * Whether the backend has to be told that a message did not reach its customer's phone. `afterMs` null: never. Pure.
 */
export function judge({ state, from }: Looked, afterMs: number | null, now: number): Judgement {
  if (afterMs === null || FINE.includes(state)) return 'forget';
  if (OVER.includes(state) || now >= from + afterMs) return 'tell';
  return { lookAt: from + afterMs };
}

/** What WhatsApp answers when somebody asks for the keys of a device; from what people report of the real one. */
import { error } from './registration.js';
import { node, type BinaryNode } from './wire.js';

export const KEYS_STATES = [
  'well',
  /** An error in the device's row. */
  'refused',
  /** A bundle whose one-time keys are used up. */
  'no_one_time_key',
  /** A bundle without an identity. */
  'incomplete',
  /** No row at all. */
  'absent',
] as const;
export type KeysState = (typeof KEYS_STATES)[number];

/** Of one account, by device. */
export class KeyStates {
  private readonly states = new Map<number, KeysState>();

  of(device: number): KeysState {
    return this.states.get(device) ?? 'well';
  }

  set(device: number, state: KeysState): void {
    this.states.set(device, state);
  }
}

/** The rows for one device: one, or none. `bundle` is undefined for a device that does not exist. */
export function keyRows(jid: string, state: KeysState, bundle: () => BinaryNode[] | undefined): BinaryNode[] {
  if (state === 'absent') return [];
  if (state === 'refused') return [node('user', { jid }, [error('406', 'not-acceptable')])];
  const keys = bundle();
  if (!keys) return [node('user', { jid }, [error('404', 'item-not-found')])];
  return [node('user', { jid }, spoiled(keys, state))];
}

function spoiled(keys: BinaryNode[], state: KeysState): BinaryNode[] {
  if (state === 'no_one_time_key') return keys.filter(({ tag }) => tag !== 'key');
  return state === 'incomplete' ? keys.filter(({ tag }) => tag !== 'identity') : keys;
}

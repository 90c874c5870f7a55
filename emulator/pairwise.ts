/** Messages from device to device. */
import { randomBytes } from 'node:crypto';
import type { Companion } from './companion.js';
import type { SignalDevice } from './signal-device.js';
import { node, type BinaryNode } from './wire.js';

/** One text or message in the pairwise session between a device and a linked device of an organization. */
export async function pairwise(device: SignalDevice, to: Companion, padded: Uint8Array): Promise<BinaryNode> {
  if (!device.hasSession(to.peer)) await device.openSession(to.peer, to.takeBundle());
  const { type, ciphertext } = await device.encrypt(to.peer, padded);
  return node('enc', { v: '2', type }, ciphertext);
}

export function messageId(): string {
  return `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
}

import type { PassingStanza } from '../../emulator/emulator.js';
import { child, type BinaryNode } from '../../emulator/wire.js';

/** Stanzas at which a plug may be pulled. */
export type StanzaKind = (passing: PassingStanza) => boolean;

const incoming =
  (is: (stanza: BinaryNode) => boolean): StanzaKind =>
  ({ direction, stanza }) =>
    direction === 'in' && is(stanza);
const outgoing =
  (is: (stanza: BinaryNode) => boolean): StanzaKind =>
  ({ direction, stanza }) =>
    direction === 'out' && is(stanza);

/** A message of the service reaches WhatsApp. */
export const messageArrives = incoming(({ tag }) => tag === 'message');
/** WhatsApp's ack of a message is on its way to the service. */
export const ackSent = outgoing(({ tag, attrs }) => tag === 'ack' && attrs['class'] === 'message');
/** A customer's message is on its way to the service. */
export const letterSent = outgoing(({ tag, attrs }) => tag === 'message' && attrs['category'] !== 'peer');
/** The service's receipt reaches WhatsApp, which takes the message off its list. */
export const receiptArrives = incoming(({ tag, attrs }) => tag === 'receipt' && attrs['type'] !== 'retry');
/** A customer's delivery receipt is on its way to the service. */
export const receiptSent = outgoing(({ tag }) => tag === 'receipt');

/** WhatsApp has taken the registration of a new device and offers refs for its QR. */
export const registrationBegun = outgoing((stanza) => child(stanza, 'pair-device') !== undefined);
export const pairSuccessSent = outgoing((stanza) => child(stanza, 'pair-success') !== undefined);
/** The service's signature, which completes the pairing, reaches WhatsApp. */
export const signatureArrives = incoming((stanza) => child(stanza, 'pair-device-sign') !== undefined);
/** The pairing is done, and WhatsApp asks for a fresh login. */
export const restartSent = outgoing(({ tag, attrs }) => tag === 'stream:error' && attrs['code'] === '515');
export const loginAccepted = outgoing(({ tag }) => tag === 'success');
export const uploadArrives = incoming(
  (stanza) =>
    stanza.tag === 'iq' &&
    stanza.attrs['xmlns'] === 'encrypt' &&
    stanza.attrs['type'] === 'set' &&
    child(stanza, 'list') !== undefined,
);

/** The answer to the next stanza of a kind. A new one for each use. */
export function answerTo(kind: StanzaKind): StanzaKind {
  let id: string | undefined;
  return (passing) => {
    if (id === undefined && kind(passing)) id = passing.stanza.attrs['id'];
    return passing.direction === 'out' && passing.stanza.tag === 'iq' && passing.stanza.attrs['id'] === id;
  };
}

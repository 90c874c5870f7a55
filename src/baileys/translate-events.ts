import type { BinaryNode } from '@whiskeysockets/baileys';
import { redact } from '../logger.js';
import type { ConnectionEnd } from '../session/disconnect-reason.js';

/** The digits of a user id, `573001112233:7@s.whatsapp.net` -> `573001112233`. */
export function phoneNumberOf(jid: string): string {
  return jid.split(/[:@]/, 1)[0] ?? '';
}

/**
 * Takes apart what Baileys says in `lastDisconnect.error`: usually a Boom (`output.statusCode`, `data`), sometimes a
 * plain Error. The text is cut to what may be logged.
 */
export function connectionEnd(error: unknown): ConnectionEnd {
  if (!(error instanceof Error)) return { text: 'Connection Terminated' };
  const { output, data } = error as { output?: { statusCode?: number }; data?: unknown };
  const end = { text: redact(error.message), code: output?.statusCode };
  if (isNode(data)) return { ...end, tag: data.tag, attrs: data.attrs };
  // A `failure` stanza comes with its attributes alone.
  if (isAttributes(data)) return { ...end, attrs: data };
  return end;
}

function isNode(value: unknown): value is BinaryNode {
  return typeof value === 'object' && value !== null && 'tag' in value && 'attrs' in value;
}

function isAttributes(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Error) &&
    Object.values(value).every((one) => typeof one === 'string')
  );
}

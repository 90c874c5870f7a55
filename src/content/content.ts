import type { z } from 'zod';
import type { AnyContent, ContentKind, WhatsAppMessage } from './content-kind.js';
import { KINDS } from './kinds.js';

/** What a message holds: one of the kinds, `{kind, version, …}`. */
export type Content = z.infer<(typeof KINDS)[keyof typeof KINDS]['schema']>;

/** @throws Error when it is of a kind, or a version, that this service does not know */
export function readContent(stored: unknown): Content {
  return kindOf(stored as Content).schema.parse(stored);
}

/** The fields of WhatsApp's `Message`. */
export function toWhatsApp(content: Content): WhatsAppMessage {
  return kindOf(content).toWhatsApp(content);
}

/** Null when it is none of the kinds. */
export function fromWhatsApp(message: WhatsAppMessage): Content | null {
  for (const kind of Object.values(KINDS)) {
    const content = kind.fromWhatsApp(message);
    if (content) return content;
  }
  return null;
}

/** Two contents are the same when this text is. */
export function identityOf(content: Content): string {
  return kindOf(content).identity(content);
}

/** Each kind takes its own contents only; here they are known by their name alone. */
const BY_NAME: Readonly<Record<string, unknown>> = KINDS;

function kindOf({ kind }: AnyContent): ContentKind<Content> {
  if (!Object.hasOwn(BY_NAME, kind)) throw new Error(`Content of an unknown kind: ${kind}`);
  return BY_NAME[kind] as ContentKind<Content>;
}

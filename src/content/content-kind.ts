import type { z } from 'zod';

/** The name of a kind, and the version of its form. Each kind adds its own fields. */
export interface AnyContent {
  readonly kind: string;
  readonly version: number;
}

/** Fields of WhatsApp's `Message` (WAProto), as a plain object. */
export type WhatsAppMessage = Readonly<Record<string, unknown>>;

/** One kind of content, in one version. A new one is a file beside this one, and a line in `kinds.ts`. */
export interface ContentKind<Content extends AnyContent> {
  /** What is stored. A released version never changes: what lies on disks has its form. */
  readonly schema: z.ZodType<Content>;
  /** The message that Baileys' own maker of contents would build. */
  readonly toWhatsApp: (content: Content) => WhatsAppMessage;
  /** The content of a message; null when it is of another kind. */
  readonly fromWhatsApp: (message: WhatsAppMessage) => Content | null;
  /**
   * Two contents of this kind are the same when this text is. Idempotency keys are compared by it, so it never changes.
   */
  readonly identity: (content: Content) => string;
}

/** Helps a kind's file to be typed by its schema. */
export function contentKind<Content extends AnyContent>(kind: ContentKind<Content>): ContentKind<Content> {
  return kind;
}

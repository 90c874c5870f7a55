import { z } from 'zod';
import { contentKind } from './content-kind.js';

const schema = z.strictObject({
  kind: z.literal('text'),
  version: z.literal(1),
  text: z.string().min(1),
});

/** A text, shown as it is given. No preview: it would fetch whatever address the text holds. */
export const text = contentKind({
  schema,
  toWhatsApp: (content) => ({ extendedTextMessage: { text: content.text } }),
  fromWhatsApp: ({ conversation, extendedTextMessage }) => {
    const found = conversation ?? (extendedTextMessage as { text?: unknown } | null | undefined)?.text;
    const parsed = schema.safeParse({ kind: 'text', version: 1, text: found });
    return parsed.success ? parsed.data : null;
  },
  // The bare text: keys that were accepted before contents had kinds still match.
  identity: (content) => content.text,
});

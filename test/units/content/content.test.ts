import { generateWAMessageContent, proto } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { messageOf } from '../../../src/baileys/message-of.js';
import { fromWhatsApp, identityOf, readContent, toWhatsApp, type Content } from '../../../src/content/content.js';
import { KINDS } from '../../../src/content/kinds.js';
import { Clock, folder, ID, message, openOutbox } from '../outbox/fixtures.js';

interface JsonSchema {
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly minLength?: number;
  readonly minimum?: number;
}

/** A value that fits, so that a new kind is tested without a word about it here. */
function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sampleOf(schema.anyOf[0] as JsonSchema);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, sampleOf(one)]));
    case 'array':
      return schema.items ? [sampleOf(schema.items)] : [];
    case 'string':
      return 'Mañana a las 10:30 🐦'.padEnd(schema.minLength ?? 0, 'x');
    case 'number':
    case 'integer':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      throw new Error(`No sample of ${JSON.stringify(schema)}`);
  }
}

const kinds = Object.entries(KINDS).map(([name, { schema }]) => ({
  name,
  content: sampleOf(z.toJSONSchema(schema) as JsonSchema) as Content,
}));

describe.each(kinds)('a content of the kind $name', ({ name, content }) => {
  test('carries its name and its version, and is read as it was written', () => {
    expect(content.kind).toBe(name);
    expect(content.version).toBeGreaterThan(0);
    expect(readContent(JSON.parse(JSON.stringify(content)))).toEqual(content);
  });

  test.each([
    ['another field', { more: 1 }],
    ['a version that nobody knows', { version: 99 }],
  ])('with %s is not read', (_what, more) => {
    expect(() => readContent({ ...content, ...more })).toThrow();
  });

  test('is stored, kept over a restart, and claimed', async () => {
    const [directory, clock] = [folder(), new Clock()];
    const first = await openOutbox({ directory, clock });
    const { message: stored } = await first.outbox.accept({ ...message(clock.at), content });
    await first.store.close();
    const { outbox } = await openOutbox({ directory, clock });
    expect(await outbox.contentOf(ID, stored.messageId)).toEqual(content);
    const { content: claimed, stored: claim } = outbox.claim(stored.messageId, '573109998877@s.whatsapp.net');
    await claim;
    expect(await claimed).toEqual(content);
  });

  test('goes over the wire as a message of WhatsApp, and is found in it', () => {
    const sent = messageOf(content);
    expect(sent).toMatchObject(toWhatsApp(content));
    const received = proto.Message.toObject(proto.Message.decode(proto.Message.encode(sent).finish()));
    expect(Object.keys(received)).not.toEqual([]);
    expect(fromWhatsApp(received)).toEqual(content);
  });

  test('is told from the others by its identity', () => {
    const others = kinds.filter((kind) => kind.name !== name);
    for (const other of others) expect(identityOf(other.content)).not.toBe(identityOf(content));
    expect(identityOf(readContent(JSON.parse(JSON.stringify(content))))).toBe(identityOf(content));
  });
});

test('a kind that nobody knows is not read', () => {
  for (const kind of ['sticker-of-tomorrow', 'constructor', undefined])
    expect(() => readContent({ kind, version: 1 })).toThrow('unknown kind');
});

test('a message of WhatsApp that is none of the kinds has no content', () => {
  expect(fromWhatsApp({ reactionMessage: { text: '👍' } })).toBeNull();
});

describe('a text', () => {
  const content: Content = { kind: 'text', version: 1, text: 'See https://example.org at 10:30' };

  test('is what Baileys makes of it, byte by byte', async () => {
    const upload = (): Promise<never> => Promise.reject(new Error('A text has no media'));
    const theirs = await generateWAMessageContent({ text: content.text, linkPreview: null }, { upload });
    // Random bytes in every message, of whatever kind.
    const secret = theirs.messageContextInfo?.messageSecret;
    const ours = messageOf(content);
    expect(ours.messageContextInfo?.messageSecret).toHaveLength(secret?.length ?? 0);
    Object.assign(ours.messageContextInfo ?? {}, { messageSecret: secret });
    expect(proto.Message.encode(ours).finish()).toEqual(proto.Message.encode(theirs).finish());
  });

  test('is found in both forms that WhatsApp has for it', () => {
    expect(fromWhatsApp({ conversation: content.text })).toEqual(content);
    expect(fromWhatsApp({ extendedTextMessage: { text: content.text, previewType: 0 } })).toEqual(content);
    for (const none of [{ conversation: '' }, { extendedTextMessage: null }, { extendedTextMessage: {} }])
      expect(fromWhatsApp(none)).toBeNull();
  });
});

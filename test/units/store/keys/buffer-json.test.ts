import { BufferJSON } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJson, encodeJson } from '../../../../src/store/sqlite/keys/buffer-json.js';
import { errorOf } from './fixtures.js';

const values: unknown[] = [
  Buffer.from('abc'),
  new Uint8Array([0, 255]),
  Buffer.alloc(0),
  'text',
  '',
  7,
  false,
  ['0', '7'],
  { private: Buffer.from([1]), public: new Uint8Array([2]) },
  { deep: [{ more: Buffer.from('x') }], nothing: null, none: undefined },
  { '573001112233@s.whatsapp.net': true },
  // A protobuf object: its toJSON decides.
  { keyData: Buffer.from('raw'), toJSON: () => ({ keyData: 'cmF3', timestamp: '5' }) },
];

describe('bytes in JSON', () => {
  it.each(values.map((value, index) => [index, value]))('writes what Baileys writes (%#)', (_index, value) => {
    expect(encodeJson(value)).toBe(JSON.stringify(value, BufferJSON.replacer));
  });

  it('reads what Baileys wrote, and Baileys reads what it writes', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const key = fc.string().filter((name) => name !== '__proto__' && name !== 'type' && !/^\s*[+-]?\d/.test(name));
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('node')),
        fc.dictionary(key, tie('node'), { noNullPrototype: true }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        expect(decodeJson(JSON.stringify(value, BufferJSON.replacer))).toEqual(value);
        expect(JSON.parse(encodeJson(value), BufferJSON.reviver)).toEqual(value);
      }),
    );
  });

  it('reads bytes that were written without a replacer, and leaves maps of numbers alone', () => {
    expect(decodeJson(JSON.stringify(new Uint8Array([9, 8])))).toEqual(Buffer.from([9, 8]));
    expect(decodeJson(JSON.stringify(Buffer.from([9, 8])))).toEqual(Buffer.from([9, 8]));
    expect(decodeJson('{"573":1,"574":2}')).toEqual({ 573: 1, 574: 2 });
    expect(decodeJson('{"0":1,"1":300}')).toEqual({ 0: 1, 1: 300 });
    expect(decodeJson('{}')).toEqual({});
  });

  it('does not encode bytes a second time', () => {
    const text = encodeJson({ key: Buffer.from('abc') });
    expect(encodeJson(JSON.parse(text))).toBe(text);
  });

  it('quotes nothing of a text that is not JSON', () => {
    const error = errorOf(() => decodeJson('{"private":"c2VjcmV0', 'UNPARSABLE_CREDS'));
    expect(error.name).toBe('AuthFolderCorruptError');
    expect(error.cause).toBeUndefined();
    expect(error.message).toBe('the auth folder is damaged (UNPARSABLE_CREDS)');
  });

  it('refuses what has no JSON form', () => {
    expect(() => encodeJson(() => 1)).toThrow(TypeError);
    expect(() => encodeJson({ big: 1n })).toThrow(TypeError);
  });
});

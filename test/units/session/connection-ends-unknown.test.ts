import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsAsStreamError, DISCONNECT_KINDS, disconnectReason } from '../../../src/session/disconnect-reason.js';
import { reactionTo } from '../../../src/session/reconnect-policy.js';
import { NOW, PAIRED, CONDEMNING, boom, backoff, endOf } from './ends.js';

describe('what is not understood', () => {
  test.each([
    ['nothing at all', undefined],
    ['a plain error of the handshake', new Error('Invalid noise certificate')],
    ['a plain error with a code of its own', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })],
    ['an unknown text with a frightening code', boom('Something new', 401)],
    ['an unknown text with the default code', boom('bad session', 500)],
    ['an empty text', boom('', 440)],
  ])('%s is taken for network trouble', (_what, error) => {
    const reason = disconnectReason(endOf(error), NOW);
    expect(reason.kind).toBe('network');
    expect(reactionTo(reason, PAIRED)).toEqual(backoff);
    expect(countsAsStreamError(reason.kind)).toBe(false);
  });

  test('no unknown text, whatever its code and data, condemns the keys or counts against them', () => {
    const known = /^(Stream Errored|Connection Failure|Connection Closed|QR refs|Intentional|Multi-device|Timed Out)/;
    const attrs = fc.dictionary(
      fc.constantFrom('type', 'reason', 'expire', 'code'),
      fc.constantFrom('device_removed', 'replaced', '401', '515'),
    );
    fc.assert(
      fc.property(
        fc.string().filter((text) => !known.test(text)),
        fc.option(fc.integer({ min: 300, max: 600 }), { nil: undefined }),
        fc.option(fc.constantFrom('conflict', 'ack', 'failure'), { nil: undefined }),
        attrs,
        (text, code, tag, given) => {
          const reason = disconnectReason({ text, code, tag, attrs: given }, NOW);
          expect(CONDEMNING).not.toContain(reactionTo(reason, PAIRED).do);
          expect(countsAsStreamError(reason.kind)).toBe(false);
        },
      ),
    );
  });

  test('whatever comes, there is a reason with a short text, and a reaction', () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom('Stream Errored (', 'Connection Failure', 'Connection Closed'));
    fc.assert(
      fc.property(texts, fc.option(fc.integer(), { nil: undefined }), fc.string(), (text, code, expire) => {
        const reason = disconnectReason({ text: text.repeat(50), code, attrs: { expire } }, NOW);
        expect(DISCONNECT_KINDS).toContain(reason.kind);
        expect(reason.text.length).toBeLessThanOrEqual(200);
        expect(reactionTo(reason, PAIRED).do).toBeTypeOf('string');
      }),
    );
  });

  test('a chat id in the text does not pass', () => {
    const { text } = disconnectReason(endOf(boom('Lost 573001112233@s.whatsapp.net')), NOW);
    expect(text).not.toContain('573001112233');
  });
});

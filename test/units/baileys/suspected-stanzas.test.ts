import { describe, expect, test } from 'vitest';
import { SuspectedStanzas } from '../../../src/baileys/suspected-stanzas.js';

const FROM = '573109998877@s.whatsapp.net';
const stanza = (id: string, tag = 'message', type = 'text') => ({ tag, attrs: { id, from: FROM, type } });

/**
 * Connections one after the other: what comes on each, and what of it passes; `ended` by a stream error, and what that
 * error names.
 */
function connections(stanzas = new SuspectedStanzas()) {
  const connect = (...nodes: ReturnType<typeof stanza>[]) => {
    stanzas.begin();
    return nodes.map((node) => stanzas.delivered(node));
  };
  const ended = (cause: { id?: string; class?: string } = {}) => {
    const suspect = stanzas.streamEnded(cause);
    if (suspect) stanzas.accuse(suspect);
    return suspect;
  };
  return { stanzas, connect, ended };
}

describe('which stanza ended the stream', () => {
  test('the one that comes first again after two ends; what was behind it was held up, and is not blamed', () => {
    const { connect, ended } = connections();
    connect(stanza('a'), stanza('poison'), stanza('c'));
    expect(ended()).toBeNull();
    expect(connect(stanza('poison'), stanza('c'))).toEqual(['pass', 'pass']);
    expect(ended()).toMatchObject({ isNamed: false });
    expect(connect(stanza('poison'), stanza('c'))).toEqual(['set_aside_and_say', 'pass']);
    // An ack that did not arrive.
    expect(connect(stanza('poison'), stanza('c'))).toEqual(['set_aside', 'pass']);
    expect(ended()).toBeNull();
  });

  test('nobody, when what was under way does not come again: WhatsApp has its answer', () => {
    const { stanzas, connect, ended } = connections();
    connect(stanza('a'));
    ended();
    connect(stanza('a'));
    expect(stanzas.allHaveCome()).toBe(false);
    expect(ended()).not.toBeNull();
    connect(stanza('b'));
    expect(stanzas.allHaveCome()).toBe(true);
    expect(ended()).toBeNull();
    expect(connect(stanza('a'))).toEqual(['pass']);
  });

  test('nobody, as long as another one comes first: the hand-over makes progress', () => {
    const { connect, ended } = connections();
    const all = ['a', 'b', 'c', 'd', 'e'].map((id) => stanza(id));
    for (let done = 0; done < all.length; done++) {
      const left = all.slice(done);
      expect(connect(...left)).toEqual(left.map(() => 'pass'));
      ended();
    }
  });

  test('one that WhatsApp names, wherever it stood; its class tells a receipt from a message of the same id', () => {
    const { connect, ended } = connections();
    const nodes = [stanza('a'), stanza('same', 'receipt', 'read'), stanza('same')];
    connect(...nodes);
    expect(ended({ id: 'same', class: 'message' })).toBeNull();
    connect(...nodes);
    expect(ended({ id: 'same', class: 'message' })).toMatchObject({ isNamed: true });
    expect(connect(...nodes)).toEqual(['pass', 'pass', 'set_aside_and_say']);
  });

  test('nobody, when WhatsApp names something else', () => {
    const { connect, ended } = connections();
    for (let n = 0; n < 4; n++) {
      expect(connect(stanza('a'))).toEqual(['pass']);
      expect(ended({ id: 'of another' })).toBeNull();
    }
  });

  test('an end of another kind between two stream errors changes nothing', () => {
    const { connect, ended } = connections();
    connect(stanza('poison'));
    ended();
    connect();
    connect(stanza('poison'));
    expect(ended()).not.toBeNull();
    connect();
    expect(connect(stanza('poison'))).toEqual(['set_aside_and_say']);
  });

  test('not one whose answer waits; but one that ends the stream when it is answered', () => {
    const { stanzas, connect, ended } = connections();
    for (let n = 0; n < 4; n++) {
      expect(connect(stanza('a', 'receipt', 'retry'))).toEqual(['pass']);
      stanzas.held(stanza('a', 'receipt', 'retry'));
      expect(ended()).toBeNull();
    }
    const answered = () => {
      stanzas.held(stanza('a', 'receipt', 'retry'));
      stanzas.answering(stanza('a', 'receipt', 'retry'));
    };
    connect(stanza('a', 'receipt', 'retry'));
    answered();
    ended();
    connect(stanza('a', 'receipt', 'retry'));
    answered();
    expect(ended()).not.toBeNull();
    expect(connect(stanza('a', 'receipt', 'retry'))).toEqual(['set_aside_and_say']);
  });

  test('one among thousands', () => {
    const { connect, ended } = connections();
    const many = Array.from({ length: 2000 }, (_, n) => stanza(`m${n}`));
    connect(...many, stanza('poison'));
    ended();
    connect(stanza('poison'), ...many);
    expect(ended()).not.toBeNull();
    expect(connect(stanza('poison'))).toEqual(['set_aside_and_say']);
  });
});

import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { Emulator } from '../../emulator/emulator.js';

/** What a service asked WhatsApp about devices and keys. */
export interface Question {
  what: 'devices' | 'keys';
  /** Whom it was about. */
  jids: string[];
}

/** Notes the questions of an organization for devices and keys, from now on. */
export function noteQuestions(whatsapp: Emulator, number: string): Question[] {
  const questions: Question[] = [];
  whatsapp.tap(({ direction, number: from, stanza }) => {
    if (direction !== 'in' || from !== number || stanza.tag !== 'iq') return;
    const keys = stanza.attrs.xmlns === 'encrypt' ? getBinaryNodeChild(stanza, 'key') : undefined;
    if (keys) questions.push({ what: 'keys', jids: jidsIn(keys) });
    const usync = stanza.attrs.xmlns === 'usync' ? getBinaryNodeChild(stanza, 'usync') : undefined;
    const query = usync && getBinaryNodeChild(usync, 'query');
    if (query && getBinaryNodeChild(query, 'devices')) {
      questions.push({ what: 'devices', jids: jidsIn(getBinaryNodeChild(usync, 'list')) });
    }
  });
  return questions;
}

function jidsIn(list: BinaryNode | undefined): string[] {
  return getBinaryNodeChildren(list, 'user').map(({ attrs }) => attrs.jid ?? '');
}

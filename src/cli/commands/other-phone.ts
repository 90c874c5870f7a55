import { type Command, given, ORGANIZATION } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Text } from '../language.js';
import { confirm, YES } from './confirm.js';
import { said } from './describe.js';

const DECISIONS = ['send', 'cancel'] as const;
const EFFECTS: Readonly<Record<(typeof DECISIONS)[number], Text>> = {
  send: {
    es:
      'Los mensajes que la organización {org} aceptó para el teléfono anterior salen del que ahora está vinculado. ' +
      'Lo que ya se entregó puede haber salido: queda como «unconfirmed».',
    en:
      'The messages that organization {org} accepted for the former phone leave from the one that is linked now. ' +
      'What was handed over before may have gone out: it becomes "unconfirmed".',
  },
  cancel: {
    es:
      'Los mensajes que la organización {org} aceptó para el teléfono anterior se cancelan y no se envían. Lo que ya ' +
      'se entregó puede haber salido: queda como «unconfirmed».',
    en:
      'The messages that organization {org} accepted for the former phone are taken back and not sent. What was ' +
      'handed over before may have gone out: it becomes "unconfirmed".',
  },
};
const HOW_MANY: Text = { es: 'Mensajes: {messages}', en: 'Messages: {messages}' };
const MAYBE_OUT: Text = { es: 'Pueden haber salido: {unconfirmed}', en: 'May have gone out: {unconfirmed}' };

export const otherPhone: Command = {
  name: 'other-phone',
  about: {
    es: 'Envía o cancela lo que se aceptó para otro teléfono',
    en: 'Sends or cancels what was accepted for another phone',
  },
  more: {
    es:
      'Pregunta antes. Cuando se vincula otro teléfono, lo aceptado antes espera (`attention`: other_phone); lo ' +
      'aceptado después no.',
    en:
      'Asks first. When another phone is linked, what was accepted before waits (`attention`: other_phone); what ' +
      'comes after does not.',
  },
  args: [
    ORGANIZATION,
    {
      name: 'decision',
      choices: DECISIONS,
      about: {
        es: '`send`: salen del teléfono de ahora; `cancel`: no salen',
        en: '`send`: they leave from the phone of now; `cancel`: they do not',
      },
    },
  ],
  options: { yes: YES },
  examples: [
    ['other-phone 2 send', { es: 'pide escribir «2»', en: 'wants "2" to be typed' }],
    ['other-phone 2 cancel --yes', { es: 'sin preguntar', en: 'without asking' }],
  ],
  async run(context) {
    const { service, terminal, json, say } = context;
    const org = given(context, 'org');
    const action = given(context, 'decision') as (typeof DECISIONS)[number];
    await confirm(context, org, EFFECTS[action]);
    const answer = await service.call('POST /api/other-phone-messages', {
      body: { organization_id: org, action },
      subject: { org },
    });
    if (json) terminal.json(answer);
    else {
      terminal.print(said(context, answer.message, { org }));
      terminal.print(say(HOW_MANY, { messages: answer.messages }));
      if (answer.unconfirmed > 0) terminal.print(say(MAYBE_OUT, { unconfirmed: answer.unconfirmed }));
    }
    return EXIT.ok;
  },
};

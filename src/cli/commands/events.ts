import type { EventAnswer, EventsAnswer } from '../answers.js';
import { type Command, type Context, ORGANIZATION } from '../command.js';
import { CliError, EXIT, usage } from '../exit-codes.js';
import { localTime, printable } from '../format.js';
import type { Text } from '../language.js';
import { countOption } from './options.js';

const PAGE = 200;
const SHOWN = 50;
/** ms between two tries when the stream ends, growing from the one to the other. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

const NONE: Text = { es: 'No hay eventos.', en: 'There are no events.' };
const LOST: Text = {
  es: 'Sin conexión con el servicio; se sigue intentando.',
  en: 'No connection to the service; trying on.',
};
const BACK: Text = { es: 'De nuevo conectado.', en: 'Connected again.' };
const AFTER: Text = { es: '--after debe ser el id de un evento.', en: '--after must be the id of an event.' };

export const events: Command = {
  name: 'events',
  about: { es: 'Cuenta qué pasó, y con --follow qué pasa', en: 'Tells what happened, and with --follow what happens' },
  more: {
    es: 'Los más nuevos al final. Con --follow sigue hasta Ctrl+C; si el servicio reinicia, continúa donde quedó.',
    en:
      'The newest at the end. With --follow it goes on until Ctrl+C; when the service restarts, it goes on where it ' +
      'was.',
  },
  args: [{ ...ORGANIZATION, optional: true }],
  options: {
    follow: { short: 'f', about: { es: 'sigue contando lo que pase', en: 'goes on telling what happens' } },
    after: {
      value: '<id>',
      about: { es: 'todos los posteriores a este evento', en: 'all that came after this event' },
    },
    limit: { value: '<n>', about: { es: 'cuántos; 50 si no se dice', en: 'how many; 50 by default' } },
  },
  examples: [
    ['events 2', { es: 'la noche de la organización 2', en: "organization 2's night" }],
    ['events --follow', { es: 'todas, en vivo', en: 'all of them, live' }],
    [
      'events 2 --follow --json',
      { es: 'una línea por evento, para un programa', en: 'a line per event, for a program' },
    ],
  ],
  async run(context) {
    const { terminal, values, switches, json, say, args } = context;
    const { after } = values;
    if (after !== undefined && !/^\d{1,15}$/.test(after)) throw usage(say(AFTER));
    const limit =
      after === undefined || values.limit !== undefined ? countOption(context, 'limit', SHOWN, 100_000) : Infinity;
    const { shown, last } = await past(context, after, limit);
    for (const event of shown) show(context, event);
    if (!switches.has('follow')) {
      if (shown.length === 0 && !json) terminal.print(say(NONE));
      return EXIT.ok;
    }
    // "0" is before everything: what happens between the list and the stream is not missed.
    return follow(context, args.org, last ?? after ?? '0');
  },
};

/** The newest ones after an event, and the id of the last. */
async function past(context: Context, after: string | undefined, limit: number) {
  let shown: EventAnswer[] = [];
  let last: string | null = null;
  for (let next: string | null | undefined = after; ;) {
    const page: EventsAnswer = await context.service.call('GET /api/events', {
      query: { organization_id: context.args.org, limit: PAGE, after: next ?? undefined },
    });
    shown = [...shown, ...page.events];
    if (shown.length > limit) shown = shown.slice(-limit);
    last = page.events.at(-1)?.id ?? last;
    ({ next } = page);
    if (next === null || page.events.length === 0) return { shown, last };
  }
}

/** Until Ctrl+C. What cannot pass by itself, a wrong key say, ends it. */
async function follow(context: Context, org: string | undefined, from: string): Promise<never> {
  const { service, terminal, say, sleep } = context;
  let last = from;
  let pause = FIRST_PAUSE;
  let isLost = false;
  const opened = (): void => {
    if (isLost) terminal.note(say(BACK));
    isLost = false;
    pause = FIRST_PAUSE;
  };
  for (;;) {
    try {
      const query = { organization_id: org, after: last };
      for await (const { id, data } of service.stream(query, last, opened)) {
        const event = read(data);
        if (event) show(context, event);
        last = id ?? event?.id ?? last;
      }
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.notReachable) throw error;
      if (!isLost) terminal.note(say(LOST));
      isLost = true;
    }
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

function read(data: string): EventAnswer | null {
  try {
    return JSON.parse(data) as EventAnswer;
  } catch {
    return null;
  }
}

function show({ terminal, json, args }: Context, event: EventAnswer): void {
  if (json) {
    terminal.json(event);
    return;
  }
  const whose = args.org === undefined ? `${printable(event.organization_id)}  ` : '';
  const name = terminal.color('dim', printable(event.name));
  terminal.print(`${localTime(event.at)}  ${whose}${printable(event.sentence)}  ${name}`);
}

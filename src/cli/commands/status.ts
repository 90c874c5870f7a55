import type { ListedSession } from '../answers.js';
import { type Command, type Context, ORGANIZATION } from '../command.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';
import { localTime } from '../format.js';
import type { Text } from '../language.js';
import { sessionTable, statusText } from './describe.js';
import { durationOption } from './options.js';

/** Seconds. */
const INTERVAL = 2;

const WATCHING: Text = {
  es: '{time}, cada {seconds} s. Ctrl+C termina.',
  en: '{time}, every {seconds} s. Ctrl+C ends.',
};

interface Seen {
  readonly answer: unknown;
  readonly text: string;
  readonly exitCode: ExitCode;
}

export const status: Command = {
  name: 'status',
  about: {
    es: 'Muestra todas las organizaciones, o una en detalle',
    en: 'Shows all organizations, or one in detail',
  },
  more: {
    es: 'Con <org> termina con 0 si está conectada, y con 1 si no.',
    en: 'With <org> it ends with 0 when it is connected, and with 1 when it is not.',
  },
  args: [{ ...ORGANIZATION, optional: true }],
  options: {
    watch: {
      short: 'w',
      about: {
        es: 'sigue mirando; con --json, una línea por cambio',
        en: 'keeps looking; with --json, a line per change',
      },
    },
    search: {
      value: '<text>',
      about: {
        es: 'solo las que lo llevan en su id, o al final de su teléfono',
        en: 'only those with it in their id, or at the end of their phone',
      },
    },
    'by-need': {
      about: { es: 'primero las que necesitan a una persona', en: 'those that need a person first' },
    },
    interval: {
      value: '<time>',
      about: { es: 'cada cuánto mira; 2s si no se dice', en: 'how often it looks; 2s by default' },
    },
  },
  examples: [
    ['status', { es: 'una tabla', en: 'a table' }],
    ['status --by-need', { es: 'lo que hay que mirar', en: 'what to look at' }],
    ['status --watch', { es: 'la tabla, siempre al día', en: 'the table, always up to date' }],
    ['status 2 > /dev/null || echo "2 is down"', { es: 'para un script', en: 'for a script' }],
    ['status --json', { es: 'lo mismo que GET /api/sessions', en: 'the same as GET /api/sessions' }],
  ],
  async run(context) {
    const { terminal, json, switches } = context;
    const org = context.args.org;
    const see = (): Promise<Seen> => (org === undefined ? seeAll(context) : seeOne(context, org));
    if (!switches.has('watch')) {
      const { answer, text, exitCode } = await see();
      if (json) terminal.json(answer);
      else terminal.print(text);
      return exitCode;
    }
    return watch(context, see);
  },
};

const NOBODY_FITS: Text = {
  es: 'Ninguna organización coincide con la búsqueda.',
  en: 'No organization fits the search.',
};

async function seeAll(context: Context): Promise<Seen> {
  const { search } = context.values;
  const sort = context.switches.has('by-need') ? 'need' : undefined;
  const answer = await context.service.call('GET /api/sessions', { query: { search, sort } });
  const found = answer.sessions.length > 0 || answer.total === 0;
  // Nothing was left out, for no fields were asked for.
  const sessions = answer.sessions as readonly ListedSession[];
  return { answer, text: found ? sessionTable(context, sessions) : context.say(NOBODY_FITS), exitCode: EXIT.ok };
}

async function seeOne(context: Context, org: string): Promise<Seen> {
  const answer = await context.service.call('GET /api/status/:organization_id', {
    params: { organization_id: org },
    subject: { org },
  });
  return { answer, text: statusText(context, answer), exitCode: answer.connected ? EXIT.ok : EXIT.failed };
}

/** Until Ctrl+C. A service that is restarted meanwhile is waited for; one that was never there is an error. */
async function watch(context: Context, see: () => Promise<Seen>): Promise<never> {
  const { terminal, json, say, sleep, now } = context;
  const seconds = Math.max(1, durationOption(context, 'interval') ?? INTERVAL);
  let shown = '';
  for (let first = true; ; first = false) {
    let text: string;
    let line: unknown;
    try {
      const seen = await see();
      ({ text } = seen);
      line = seen.answer;
    } catch (error) {
      if (first || !(error instanceof CliError) || error.exitCode !== EXIT.notReachable) throw error;
      text = terminal.color('red', error.sentence);
      line = { error: error.sentence, code: error.code };
    }
    const changed = JSON.stringify(line) !== shown;
    shown = JSON.stringify(line);
    if (json) {
      if (changed) terminal.json(line);
    } else if (terminal.isInteractive || changed) {
      const time = localTime(new Date(now()).toISOString());
      terminal.redraw(`${text}\n${terminal.color('dim', say(WATCHING, { time, seconds }))}`);
    }
    await sleep(seconds * 1000);
  }
}

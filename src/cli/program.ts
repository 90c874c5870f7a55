import { setTimeout as sleep } from 'node:timers/promises';
import { askedLanguage, findCommand, readCommandLine, UsageError } from './command-line.js';
import type { Context, Given } from './command.js';
import { COMMANDS } from './commands/commands.js';
import { CliError, EXIT, type ExitCode, usage } from './exit-codes.js';
import { commandHelp, generalHelp, usageLine } from './help.js';
import { chooseLanguage, fill, type Language, type Text } from './language.js';
import { ServiceClient } from './service-client.js';
import { mergeEnvironment, readEnvironmentFile, readUrl, serviceUrl, type EnvironmentFile } from './settings.js';
import { type Streams, Terminal } from './terminal.js';
import { ownVersion } from './version.js';

const NO_KEY: Text = { es: 'Falta la clave del servicio.', en: "The service's API key is missing." };
const NO_KEY_HINT: Text = {
  es:
    'Se busca como API_KEY en el entorno y en {file}{unreadable}. ' +
    'Ejecútelo en la carpeta del servicio, o ponga API_KEY.',
  en:
    'It is looked for as API_KEY in the environment and in {file}{unreadable}. ' +
    "Run this in the service's folder, or set API_KEY.",
};
const UNREADABLE: Text = { es: ' (no se pudo leer: {problem})', en: ' (it could not be read: {problem})' };
const BAD_URL: Text = {
  es: '--url debe ser una dirección como http://127.0.0.1:3000.',
  en: '--url must be an address like http://127.0.0.1:3000.',
};
const FREE_PORT: Text = {
  es: 'Con PORT=0 el servicio toma un puerto libre, que sólo dice su registro: indíquelo con --url.',
  en: 'With PORT=0 the service takes a free port, which only its log tells: give it with --url.',
};
const COMMANDS_HELP: Text = { es: 'Los comandos: `{help}`', en: 'The commands: `{help}`' };
const COMMAND_HELP: Text = { es: 'Uso: {usage}\nEjemplos: `{help}`', en: 'Usage: {usage}\nExamples: `{help}`' };

export interface Surroundings {
  readonly streams: Streams;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

/** How to call the program again, as it was called. */
function programName({ npm_command, npm_lifecycle_event }: Surroundings['environment']): string {
  return npm_command === 'exec' || npm_lifecycle_event === 'npx' ? 'npx whatsapp-server' : 'whatsapp-server';
}

/** Reads the line, does what it says, and tells how it ended. Never throws for what a person can have caused. */
export async function run(
  words: readonly string[],
  { streams, environment, directory }: Surroundings,
): Promise<ExitCode> {
  const terminal = new Terminal(streams, environment);
  const program = programName(environment);
  const environmentFile = readEnvironmentFile(directory);
  const settings = mergeEnvironment(environment, environmentFile.values);
  const language = chooseLanguage(askedLanguage(words), settings);
  try {
    if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
      terminal.print(ownVersion());
      return EXIT.ok;
    }
    const rest = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
    const command = findCommand(rest, COMMANDS);
    if (!command) {
      const isAsked = rest.some((word) => word === '--help' || word === '-h');
      const help = generalHelp(COMMANDS, program, language);
      if (isAsked) terminal.print(help);
      else terminal.note(help);
      return isAsked ? EXIT.ok : EXIT.usage;
    }
    const given = readCommandLine(rest, command);
    if (given.switches.has('help')) {
      terminal.print(commandHelp(command, program, language));
      return EXIT.ok;
    }
    return await command.run(
      contextOf(given, { terminal, program, language, environment: settings, environmentFile, directory }),
    );
  } catch (error) {
    return tell(asCliError(error, language, program), terminal, wantsJson(words));
  }
}

type Known = Pick<Context, 'terminal' | 'program' | 'language' | 'environment' | 'environmentFile' | 'directory'>;

function contextOf(given: Given, known: Known): Context {
  const { language, environment, program, environmentFile } = known;
  const asked = given.values.url;
  const url = asked === undefined ? serviceUrl(environment) : readUrl(asked);
  if (asked !== undefined && url === null) throw usage(BAD_URL[language]);
  let client: ServiceClient | undefined;
  return {
    ...given,
    ...known,
    url,
    json: given.switches.has('json'),
    say: (text, values = {}) => fill(text[language], { program, ...values }),
    now: Date.now,
    sleep: (ms) => sleep(ms),
    get service() {
      if (url === null) throw usage(FREE_PORT[language]);
      const key = knownKey(environment, environmentFile, language);
      client ??= new ServiceClient({ url, key, language, program });
      return client;
    },
  };
}

function knownKey(environment: Known['environment'], { file, problem }: EnvironmentFile, language: Language): string {
  const key = environment.API_KEY?.trim();
  if (key) return key;
  const unreadable = problem === null ? '' : fill(UNREADABLE[language], { problem });
  const hint = fill(NO_KEY_HINT[language], { file, unreadable });
  throw new CliError(EXIT.wrongKey, 'missing_api_key', NO_KEY[language], hint);
}

function asCliError(error: unknown, language: Language, program: string): CliError {
  if (error instanceof CliError) return error;
  if (!(error instanceof UsageError)) throw error;
  const { command, text } = error;
  const help = `${program} ${command ? `${command.name} ` : ''}--help`;
  const hint = command ? COMMAND_HELP : COMMANDS_HELP;
  const usage = command ? usageLine(command, program) : '';
  return new CliError(EXIT.usage, 'usage', text[language], fill(hint[language], { usage, help }));
}

/** Also when the line could not be read. */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? undefined : end).includes('--json');
}

function tell(error: CliError, terminal: Terminal, json: boolean): ExitCode {
  const { code, sentence, hint, facts, exitCode } = error;
  if (json) {
    terminal.json({ error: sentence, code, ...(hint !== undefined && { hint }), ...facts });
  } else {
    terminal.note(`${terminal.color('red', 'Error:')} ${sentence}`);
    if (hint !== undefined) terminal.note(hint);
  }
  return exitCode;
}

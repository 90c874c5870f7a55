import type { ExitCode } from './exit-codes.js';
import type { Language, Text } from './language.js';
import type { ServiceClient } from './service-client.js';
import type { EnvironmentFile } from './settings.js';
import type { Terminal } from './terminal.js';

export interface Argument {
  readonly name: string;
  readonly optional?: boolean;
  readonly about: Text;
  /** For completion, and the only ones that are taken. */
  readonly choices?: readonly string[];
}

export interface Option {
  /** What stands behind it in the help, `<seconds>`; a switch has none. */
  readonly value?: string;
  readonly short?: string;
  readonly about: Text;
  /** For completion; checked when `only`. */
  readonly choices?: readonly string[];
  readonly only?: boolean;
}

export type Options = Readonly<Record<string, Option>>;

/** A command line that was read. */
export interface Given {
  /** By the names of the command's arguments. */
  readonly args: Readonly<Record<string, string | undefined>>;
  readonly switches: ReadonlySet<string>;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** What a command has to work with. */
export interface Context extends Given {
  readonly terminal: Terminal;
  /** Made only when asked for: `doctor` and `completion` work without a key. */
  readonly service: ServiceClient;
  readonly json: boolean;
  readonly language: Language;
  readonly say: (text: Text, values?: Readonly<Record<string, string | number>>) => string;
  /** How the program is called here: `whatsapp-server`, or `npx whatsapp-server`. */
  readonly program: string;
  /** The environment over `.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly environmentFile: EnvironmentFile;
  readonly directory: string;
  /** null when nothing tells it. */
  readonly url: string | null;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Command {
  readonly name: string;
  readonly about: Text;
  /** Further paragraphs of its help. */
  readonly more?: Text;
  readonly args: readonly Argument[];
  readonly options: Options;
  /** Without the program's name. */
  readonly examples: readonly (readonly [string, Text])[];
  readonly run: (context: Context) => Promise<ExitCode>;
}

export const ORGANIZATION: Argument = {
  name: 'org',
  about: { es: 'el id de la organización', en: "the organization's id" },
};

/** Every command takes them. */
export const COMMON_OPTIONS = {
  json: {
    about: {
      es: 'escribe la respuesta del servicio como JSON, una por línea; los errores también',
      en: "prints the service's answer as JSON, one a line; errors too",
    },
  },
  url: {
    value: '<url>',
    about: {
      es: 'dónde está el servicio; si no, HOST y PORT del entorno o de .env',
      en: 'where the service is; otherwise HOST and PORT of the environment or .env',
    },
  },
  lang: {
    value: '<es|en>',
    choices: ['es', 'en'],
    only: true,
    about: { es: 'el idioma; si no, el de LANG', en: 'the language; otherwise that of LANG' },
  },
  help: { short: 'h', about: { es: 'muestra esta ayuda', en: 'shows this help' } },
} as const satisfies Options;

/** An argument that is there, since the reader of the command line saw to it. */
export function given(context: Given, name: string): string {
  const value = context.args[name];
  if (value === undefined) throw new Error(`no argument ${name}`);
  return value;
}

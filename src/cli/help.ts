import { COMMON_OPTIONS, type Argument, type Command, type Options } from './command.js';
import { facts } from './format.js';
import type { Language, Text } from './language.js';

const WORDS = {
  usage: { es: 'Uso', en: 'Usage' },
  commands: { es: 'Comandos', en: 'Commands' },
  arguments: { es: 'Argumentos', en: 'Arguments' },
  options: { es: 'Opciones', en: 'Options' },
  everywhere: { es: 'En todos los comandos', en: 'With every command' },
  examples: { es: 'Ejemplos', en: 'Examples' },
  exit: { es: 'Códigos de salida', en: 'Exit codes' },
  about: {
    es: 'El servicio de WhatsApp desde la terminal: habla con él por su API HTTP.',
    en: 'The WhatsApp service from the terminal: talks to it over its HTTP API.',
  },
  key: {
    es:
      'La clave es API_KEY, del entorno o del .env de esta carpeta. «{program} <comando> --help» tiene ejemplos de ' +
      'cada uno.',
    en:
      'The key is API_KEY, of the environment or of the .env in this folder. `{program} <command> --help` has ' +
      'examples of each.',
  },
} as const satisfies Record<string, Text>;

export const EXIT_TEXTS: readonly (readonly [string, Text])[] = [
  ['0', { es: 'hecho, o la respuesta es sí', en: 'done, or the answer is yes' }],
  [
    '1',
    {
      es: 'el servicio lo rechazó, falló, o la respuesta es no (no conectada, no enviado, el doctor halló algo)',
      en: 'the service refused, it failed, or the answer is no (not connected, not sent, the doctor found something)',
    },
  ],
  [
    '2',
    { es: 'el comando está mal escrito; no se hizo nada', en: 'the command was not written right; nothing was done' },
  ],
  ['3', { es: 'no se pudo hablar con el servicio', en: 'the service was not reached' }],
  ['4', { es: 'falta la clave, o no es la correcta', en: 'the API key is missing or wrong' }],
];

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function section(title: string, text: string): string {
  return `${title}:\n${indented(text)}`;
}

function argumentText({ name, optional }: Argument): string {
  return optional ? `[${name}]` : `<${name}>`;
}

function optionLines(options: Options, language: Language): string {
  return facts(
    Object.entries(options).map(([name, { short, value, about }]) => [
      `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
      about[language],
    ]),
  );
}

export function usageLine(command: Command, program: string): string {
  return [program, command.name, ...command.args.map(argumentText)].join(' ');
}

/** The whole of it: every command with one line. */
export function generalHelp(commands: readonly Command[], program: string, language: Language): string {
  const rows = commands.map(
    (one) => [[one.name, ...one.args.map(argumentText)].join(' '), one.about[language]] as const,
  );
  return [
    WORDS.about[language],
    section(WORDS.usage[language], `${program} <${language === 'es' ? 'comando' : 'command'}> …\n${program} --version`),
    section(WORDS.commands[language], facts(rows)),
    section(WORDS.everywhere[language], optionLines(COMMON_OPTIONS, language)),
    section(WORDS.exit[language], facts(EXIT_TEXTS.map(([code, text]) => [code, text[language]]))),
    WORDS.key[language].replace('{program}', program),
  ].join('\n\n');
}

export function commandHelp(command: Command, program: string, language: Language): string {
  const { args, options, more, examples } = command;
  const hasOptions = Object.keys(options).length > 0;
  return [
    `${command.about[language]}.`,
    ...(more ? [more[language]] : []),
    section(WORDS.usage[language], `${usageLine(command, program)}${hasOptions ? ' …' : ''}`),
    ...(args.length > 0
      ? [section(WORDS.arguments[language], facts(args.map((one) => [argumentText(one), one.about[language]])))]
      : []),
    ...(hasOptions ? [section(WORDS.options[language], optionLines(options, language))] : []),
    section(WORDS.everywhere[language], optionLines(COMMON_OPTIONS, language)),
    section(
      WORDS.examples[language],
      examples.map(([line, about]) => `# ${about[language]}\n${program} ${line}`).join('\n'),
    ),
  ].join('\n\n');
}

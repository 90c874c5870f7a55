import { parseArgs } from 'node:util';
import leven, { closestMatch } from 'leven';
import { COMMON_OPTIONS, type Command, type Given, type Option, type Options } from './command.js';
import type { Text } from './language.js';

/** What is wrong with a command line, in both languages: before it was read, nobody knows which one is wanted. */
export class UsageError extends Error {
  constructor(
    readonly text: Text,
    /** Whose help is of use now. */
    readonly command: Command | null,
  ) {
    super(text.en);
    this.name = 'UsageError';
  }
}

/** Not strict: Node's complaints are in English only. */
function parse(words: readonly string[], options: Options) {
  const types = Object.entries(options).map(([name, { value, short }]) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const);
    return [name, { type, ...(short && { short }) }] as const;
  });
  return parseArgs({ args: [...words], options: Object.fromEntries(types), strict: false, tokens: true });
}

/** `--lang` wherever it stands, also in a line that cannot be read: errors are told in it. */
export function askedLanguage(words: readonly string[]): string | undefined {
  const { lang } = parse(words, { lang: COMMON_OPTIONS.lang }).values;
  return typeof lang === 'string' ? lang : undefined;
}

/** The command that a line means: its first word that belongs to no option. */
export function findCommand(words: readonly string[], commands: readonly Command[]): Command | null {
  const all = Object.assign({}, ...commands.map(({ options }) => options), COMMON_OPTIONS) as Options;
  const [name] = parse(words, all).positionals;
  if (name === undefined) return null;
  const command = commands.find((one) => one.name === name);
  if (command) return command;
  const names = commands.map((one) => one.name);
  const text = { es: `No hay un comando «${name}».`, en: `There is no command "${name}".` };
  throw new UsageError(withSuggestion(text, name, names), null);
}

/** Reads a line for its command. Throws UsageError. `--help` is read before anything is missed. */
export function readCommandLine(words: readonly string[], command: Command): Given {
  const options: Options = { ...command.options, ...COMMON_OPTIONS };
  const { tokens, positionals } = parse(words, options);
  const switches = new Set<string>();
  const values: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    const problem = option ? problemOf(token, option) : unknownOption(token, command, Object.keys(options));
    if (problem) throw new UsageError(problem, command);
    if (token.value === undefined) switches.add(token.name);
    else values[token.name] = token.value;
  }
  return { args: switches.has('help') ? {} : readArguments(positionals.slice(1), command), switches, values };
}

type OptionToken = Extract<ReturnType<typeof parse>['tokens'][number], { kind: 'option' }>;

function unknownOption({ name, rawName }: OptionToken, command: Command, known: readonly string[]): Text {
  const text = {
    es: `«${command.name}» no tiene la opción ${rawName}.`,
    en: `"${command.name}" has no option ${rawName}.`,
  };
  return withSuggestion(text, name, known, '--');
}

function problemOf({ name, value, inlineValue }: OptionToken, option: Option): Text | null {
  if (option.value === undefined) {
    return value === undefined ? null : { es: `--${name} no lleva valor.`, en: `--${name} takes no value.` };
  }
  // `--status --json`: the value was forgotten; one that really begins with a dash is written with "=".
  if (value === undefined || value === '' || (!inlineValue && value.startsWith('-'))) {
    const pattern = `--${name}=${option.value}`;
    return { es: `A --${name} le falta su valor: ${pattern}.`, en: `--${name} needs a value: ${pattern}.` };
  }
  return option.only ? notOneOf(`--${name}`, value, option.choices) : null;
}

function readArguments(words: readonly string[], command: Command): Record<string, string> {
  const args: Record<string, string> = {};
  for (const [index, { name, about, optional, choices }] of command.args.entries()) {
    const word = words[index];
    if (word === undefined && optional) continue;
    if (!word) throw new UsageError(missing(name, about), command);
    const problem = notOneOf(`<${name}>`, word, choices);
    if (problem) throw new UsageError(problem, command);
    args[name] = word;
  }
  const tooMany = words[command.args.length];
  if (tooMany === undefined) return args;
  const text = {
    es: `Sobra «${tooMany}». Un texto con espacios va entre comillas.`,
    en: `"${tooMany}" is too much. A text with spaces goes in quotes.`,
  };
  throw new UsageError(text, command);
}

function missing(name: string, about: Text): Text {
  return { es: `Falta <${name}>: ${about.es}.`, en: `<${name}> is missing: ${about.en}.` };
}

function notOneOf(what: string, word: string, choices: readonly string[] | undefined): Text | null {
  if (!choices || choices.includes(word)) return null;
  const list = choices.join(', ');
  return { es: `${what} debe ser uno de: ${list}.`, en: `${what} must be one of: ${list}.` };
}

/** With the name that was meant, if one is near enough for a slip of the finger. */
function withSuggestion(text: Text, word: string, names: readonly string[], dashes = ''): Text {
  const near = closestMatch(word, names);
  if (near === undefined || leven(word, near) > Math.max(1, Math.floor(near.length / 3))) return text;
  const [es, en] = dashes ? [`${dashes}${near}`, `${dashes}${near}`] : [`«${near}»`, `"${near}"`];
  return { es: `${text.es} ¿Quiso decir ${es}?`, en: `${text.en} Did you mean ${en}?` };
}

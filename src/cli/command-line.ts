import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, type Command, type Given, type Options } from './command.js';
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

function parserOptions(options: Options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
    ]),
  );
}

/** `--lang` wherever it stands, also in a line that cannot be read: errors are told in it. */
export function askedLanguage(words: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...words], options: { lang: { type: 'string' } }, strict: false });
  return typeof values.lang === 'string' ? values.lang : undefined;
}

/** The command that a line means: its first word that belongs to no option. */
export function findCommand(words: readonly string[], commands: readonly Command[]): Command | null {
  const all: Options = Object.assign({}, ...commands.map(({ options }) => options), COMMON_OPTIONS) as Options;
  const { positionals } = parseArgs({ args: [...words], options: parserOptions(all), strict: false });
  const [name] = positionals;
  if (name === undefined) return null;
  const command = commands.find((one) => one.name === name);
  if (command) return command;
  const near = closest(
    name,
    commands.map((one) => one.name),
  );
  throw new UsageError(
    {
      es: `No hay un comando «${name}».${near ? ` ¿Quiso decir «${near}»?` : ''}`,
      en: `There is no command "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
    },
    null,
  );
}

/** Reads a line for its command. Throws UsageError. `--help` is read before anything is missed. */
export function readCommandLine(words: readonly string[], command: Command): Given {
  const options: Options = { ...command.options, ...COMMON_OPTIONS };
  // Not strict, because its complaints are in English only.
  const { tokens, positionals } = parseArgs({
    args: [...words],
    options: parserOptions(options),
    strict: false,
    tokens: true,
  });
  const wrong = (es: string, en: string): never => {
    throw new UsageError({ es, en }, command);
  };

  const switches = new Set<string>();
  const values: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) {
      const near = closest(token.name, Object.keys(options));
      return wrong(
        `«${command.name}» no tiene la opción ${token.rawName}.${near ? ` ¿Quiso decir --${near}?` : ''}`,
        `"${command.name}" has no option ${token.rawName}.${near ? ` Did you mean --${near}?` : ''}`,
      );
    }
    if (option.value === undefined) {
      if (token.value !== undefined) return wrong(`--${token.name} no lleva valor.`, `--${token.name} takes no value.`);
      switches.add(token.name);
      continue;
    }
    // `--status --json`: the value was forgotten; one that really begins with a dash is written with "=".
    if (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('-'))) {
      return wrong(
        `A --${token.name} le falta su valor: --${token.name}=${option.value}.`,
        `--${token.name} needs a value: --${token.name}=${option.value}.`,
      );
    }
    if (option.only && !option.choices?.includes(token.value)) {
      const list = option.choices?.join(', ');
      return wrong(`--${token.name} debe ser uno de: ${list}.`, `--${token.name} must be one of: ${list}.`);
    }
    values[token.name] = token.value;
  }

  const words_ = positionals.slice(1);
  const args: Record<string, string> = {};
  if (switches.has('help')) return { args, switches, values };
  for (const [index, argument] of command.args.entries()) {
    const word = words_[index];
    if (word === undefined || word === '') {
      if (argument.optional && word === undefined) continue;
      return wrong(
        `Falta <${argument.name}>: ${argument.about.es}.`,
        `<${argument.name}> is missing: ${argument.about.en}.`,
      );
    }
    if (argument.choices && !argument.choices.includes(word)) {
      const list = argument.choices.join(', ');
      return wrong(`<${argument.name}> debe ser uno de: ${list}.`, `<${argument.name}> must be one of: ${list}.`);
    }
    args[argument.name] = word;
  }
  const [tooMany] = words_.slice(command.args.length);
  if (tooMany !== undefined) {
    return wrong(
      `Sobra «${tooMany}». Un texto con espacios va entre comillas.`,
      `"${tooMany}" is too much. A text with spaces goes in quotes.`,
    );
  }
  return { args, switches, values };
}

/** The name that was meant, if one is near enough for a slip of the finger. */
function closest(word: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, distance: distance(word, name) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : null;
}

/** Levenshtein's. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const change = (row[j] ?? 0) + (letter === other[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

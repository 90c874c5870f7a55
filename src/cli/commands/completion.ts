import { COMMON_OPTIONS, type Command, type Option, type Options } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Language, Text } from '../language.js';

const NAME = 'whatsapp-server';
const FUNCTION = '_whatsapp_server';
const VERSION: Text = { es: 'muestra la versión', en: 'shows the version' };

/** `commands` is a function, since this command is one of them. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    about: { es: 'Escribe el autocompletado para la shell', en: 'Prints the completion for the shell' },
    more: {
      es: `Completa «${NAME}», que está en el PATH después de \`npm link\` en la carpeta del servicio.`,
      en: `It completes "${NAME}", which is in the PATH after \`npm link\` in the service's folder.`,
    },
    args: [{ name: 'shell', choices: ['bash', 'zsh'], about: { es: 'bash o zsh', en: 'bash or zsh' } }],
    options: {},
    examples: [
      [`completion bash >> ~/.bashrc`, { es: 'para bash', en: 'for bash' }],
      [`completion zsh > "\${fpath[1]}/_${NAME}"`, { es: 'para zsh', en: 'for zsh' }],
    ],
    async run({ terminal, args, language, json }) {
      const script = args.shell === 'zsh' ? zsh(commands(), language) : bash(commands());
      if (json) terminal.json({ shell: args.shell, script });
      else terminal.print(script);
      return EXIT.ok;
    },
  };
}

function optionsOf(command: Command): [string, Option][] {
  return Object.entries({ ...command.options, ...COMMON_OPTIONS });
}

function bash(commands: readonly Command[]): string {
  const choices = new Map<string, readonly string[]>();
  for (const [name, option] of commands.flatMap(optionsOf)) if (option.choices) choices.set(name, option.choices);
  const words = commands.map((command) => {
    const names = optionsOf(command).map(([name]) => `--${name}`);
    const first = command.args.flatMap((argument) => argument.choices ?? []);
    return `    ${command.name}) words='${[...first, ...names].join(' ')}' ;;`;
  });
  const values = [...choices].map(
    ([name, list]) => `    --${name}) COMPREPLY=($(compgen -W '${list.join(' ')}' -- "$cur")); return ;;`,
  );
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion for ${NAME}
${FUNCTION}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command='' word words
  # --lang=es arrives in three words, with "=" in the middle.
  if [ "$cur" = '=' ]; then cur=''; elif [ "$prev" = '=' ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  case "$prev" in
${values.join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$command" in
    '') words='${names} help --help --version' ;;
    help) words='${names}' ;;
${words.join('\n')}
    *) words='' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F ${FUNCTION} ${NAME}`;
}

/** As zsh's _arguments and _describe read it, inside single quotes. */
function quoted(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", `'\\''`);
}

/** An action for _arguments. Without choices an empty list: with no action at all zsh inserts no option either. */
function action(choices: readonly string[] = []): string {
  return `(${choices.join(' ') || ' '})`;
}

function zshOptions(options: Options, language: Language): string[] {
  return Object.entries(options).flatMap(([name, { value, short, about, choices }]) => {
    const end = `[${quoted(about[language])}]${value === undefined ? '' : `:${name}:${action(choices)}`}`;
    return [`'--${name}${value === undefined ? '' : '='}${end}'`, ...(short ? [`'-${short}${end}'`] : [])];
  });
}

function zsh(commands: readonly Command[], language: Language): string {
  const described = commands.map(({ name, about }) => `    '${name}:${quoted(about[language])}'`);
  const common = zshOptions(COMMON_OPTIONS, language).join(' ');
  const cases = commands.map((command) => {
    const args = command.args.map(({ name, choices }) => `':${name}:${action(choices)}'`);
    const specs = [...zshOptions(command.options, language), ...args];
    return `    ${command.name}) _arguments $common ${specs.join(' ')} ;;`;
  });
  return `#compdef ${NAME}
# zsh completion for ${NAME}
${FUNCTION}() {
  local curcontext="$curcontext" state line
  local -a commands common
  commands=(
${described.join('\n')}
  )
  common=(${common})
  _arguments -C -A '-*' $common '--version[${quoted(VERSION[language])}]' ':command:->command' '*:: :->rest'
  case $state in
    command) commands+=('help:${quoted(COMMON_OPTIONS.help.about[language])}'); _describe command commands ;;
    rest) case $words[1] in
    help) _arguments ':command:(${commands.map(({ name }) => name).join(' ')})' ;;
${cases.join('\n')}
    esac ;;
  esac
}
# Loaded by its file's name at the first Tab, or sourced.
if [ "$funcstack[1]" = "_${NAME}" ]; then ${FUNCTION} "$@"; else compdef ${FUNCTION} ${NAME}; fi`;
}

import { COMMON_OPTIONS, type Command, type Option } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Language } from '../language.js';

const NAME = 'whatsapp-server';
const FUNCTION = '_whatsapp_server';

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
    '') words='${commands.map(({ name }) => name).join(' ')} help --help --version' ;;
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

function zsh(commands: readonly Command[], language: Language): string {
  const described = commands.map(({ name, about }) => `    '${name}:${quoted(about[language])}'`);
  const cases = commands.map((command) => {
    const options = optionsOf(command).map(([name, { value, about, choices }]) => {
      const end = value === undefined ? '' : `:${name}:${choices ? `(${choices.join(' ')})` : ''}`;
      return `'--${name}${value === undefined ? '' : '='}[${quoted(about[language])}]${end}'`;
    });
    const args = command.args.map(
      ({ name, choices, optional }) => `'${optional ? ':' : ''}:${name}:${choices ? `(${choices.join(' ')})` : ''}'`,
    );
    return `    ${command.name}) _arguments ${[...options, ...args].join(' ')} ;;`;
  });
  return `#compdef ${NAME}
# zsh completion for ${NAME}
${FUNCTION}() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "${FUNCTION}" ]; then ${FUNCTION} "$@"; else compdef ${FUNCTION} ${NAME}; fi`;
}

import { describe, expect, it } from 'vitest';
import { askedLanguage, findCommand, readCommandLine, UsageError } from '../../../src/cli/command-line.js';
import { COMMANDS } from '../../../src/cli/commands/commands.js';
import { MESSAGE_STATUSES } from '../../../src/cli/commands/messages.js';
import type { Given } from '../../../src/cli/command.js';
import { commandHelp, generalHelp } from '../../../src/cli/help.js';
import { MESSAGE_STATES } from '../../../src/outbox/outbox-message.js';

function read(...words: string[]): Given & { command: string } {
  const command = findCommand(words, COMMANDS);
  if (!command) throw new Error('no command');
  return { command: command.name, ...readCommandLine(words, command) };
}

function complaint(...words: string[]): string {
  try {
    read(...words);
  } catch (error) {
    if (error instanceof UsageError) return error.text.en;
    throw error;
  }
  return '';
}

describe('a command line', () => {
  it('has its options anywhere', () => {
    const expected = { command: 'send', args: { org: '2', phone: '300', message: 'hola' }, values: { ttl: '2h' } };
    expect(read('send', '2', '300', 'hola', '--ttl', '2h')).toMatchObject(expected);
    expect(read('--ttl=2h', 'send', '2', '--json', '300', 'hola')).toMatchObject(expected);
    expect(read('--url', 'http://x', 'status')).toMatchObject({ command: 'status', values: { url: 'http://x' } });
    expect([...read('status', '-w').switches]).toEqual(['watch']);
    expect([...read('clean', '2', '-y', '--json').switches]).toEqual(['yes', 'json']);
  });

  it('may have a message that looks like an option, and one that is the input', () => {
    expect(read('send', '2', '300', '--', '--json').args.message).toBe('--json');
    expect([...read('send', '2', '300', '--', '--json').switches]).toEqual([]);
    expect(read('send', '2', '300', '-').args.message).toBe('-');
    expect(read('send', '2', '300', 'x', '--idempotency-key=-a').values['idempotency-key']).toBe('-a');
  });

  it.each([
    [['stats'], 'There is no command "stats". Did you mean "status"?'],
    [['xyzzy'], 'There is no command "xyzzy".'],
    [['toString'], 'There is no command "toString".'],
    [['stop'], "<org> is missing: the organization's id."],
    [['stop', ''], "<org> is missing: the organization's id."],
    [['send', '2', '300', 'two', 'words'], '"words" is too much. A text with spaces goes in quotes.'],
    [['send', '2', '300', 'x', '--tll', '5'], '"send" has no option --tll. Did you mean --ttl?'],
    [['stop', '2', '--constructor'], '"stop" has no option --constructor.'],
    [['stop', '2', '--yes'], '"stop" has no option --yes.'],
    [['messages', '2', '--status', '--json'], '--status needs a value: --status=<status,…>.'],
    [['messages', '2', '--status'], '--status needs a value: --status=<status,…>.'],
    [['status', '--json=yes'], '--json takes no value.'],
    [['status', '--lang', 'fr'], '--lang must be one of: es, en.'],
    [['completion', 'fish'], '<shell> must be one of: bash, zsh.'],
  ])('%j is refused', (words, expected) => {
    expect(complaint(...words)).toBe(expected);
  });

  it('asks for help before anything is missed', () => {
    expect(read('send', '--help').switches.has('help')).toBe(true);
    expect(read('send', '-h').switches.has('help')).toBe(true);
    expect(findCommand(['--json'], COMMANDS)).toBe(null);
  });

  it('tells its language also when it cannot be read', () => {
    expect(askedLanguage(['xyzzy', '--what', '--lang=en'])).toBe('en');
    expect(askedLanguage(['status', '--lang'])).toBe(undefined);
  });
});

describe('the commands', () => {
  it('have one type for each name of an option, so that a line can be read before its command is known', () => {
    const types = new Map<string, boolean>();
    for (const [name, { value }] of COMMANDS.flatMap(({ options }) => Object.entries(options))) {
      expect(types.get(name) ?? value !== undefined, name).toBe(value !== undefined);
      types.set(name, value !== undefined);
    }
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s has help with examples',
    (_name, command) => {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const [line] of command.examples) {
        const [first = ''] = line.split(/ (?:&&|\|\||[<>]+) ?/);
        const words = [...first.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
        expect(read(...words).command).toBe(command.name);
      }
      for (const language of ['es', 'en'] as const) {
        const help = commandHelp(command, 'whatsapp-server', language);
        expect(help).toContain(command.about[language]);
        for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`);
        expect(generalHelp(COMMANDS, 'whatsapp-server', language)).toContain(command.about[language]);
      }
    },
  );

  it("know the service's message statuses", () => {
    expect([...MESSAGE_STATUSES].sort()).toEqual([...MESSAGE_STATES].sort());
  });
});

import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = 'docs/decisions';

/** docs/decisions/README.md: the titles of all decisions, grouped as their numbers are. */
const GROUPS: readonly (readonly [from: number, title: string])[] = [
  [1, 'The whole'],
  [10, 'API'],
  [20, 'Session'],
  [30, 'Outbox and content'],
  [40, 'Keys'],
  [50, 'Events, webhooks, access'],
  [60, 'Terminal and libraries'],
  [70, 'Parts and tests'],
  [80, 'Keys and encryption'],
  [90, 'Connections and logins'],
  [100, 'Sending'],
  [110, 'Webhooks'],
  [120, "The operator's page"],
];

interface Decision {
  readonly number: number;
  readonly file: string;
  readonly title: string;
}

export function decisionsIndex(): string {
  const all = decisions();
  const parts = GROUPS.map(([from, title], index) => {
    const end = GROUPS[index + 1]?.[0] ?? Infinity;
    const lines = all
      .filter(({ number }) => number >= from && number < end)
      .map((one) => `- [${one.title}](${one.file})`);
    return lines.length > 0 ? `## ${title}\n\n${lines.join('\n')}` : '';
  });
  return [
    '# Decisions',
    '[Documentation](../README.md)',
    'Each is a page: context, decision, consequence. A new one takes the next free number of its group; ' +
      '`npm run docs` writes this list.',
    ...parts.filter(Boolean),
  ].join('\n\n');
}

/** Every decision in the order of its number. The first line of each is `# 060: its title`. */
function decisions(): Decision[] {
  return readdirSync(FOLDER)
    .filter((file) => /^\d{3}-.*\.md$/.test(file))
    .sort()
    .map((file) => {
      const [, number, title] = /^# (\d{3}): (.+)\n/.exec(readFileSync(`${FOLDER}/${file}`, 'utf8')) ?? [];
      if (number !== file.slice(0, 3) || !title)
        throw new Error(`${file} does not begin with "# ${file.slice(0, 3)}: …"`);
      return { number: Number(number), file, title };
    });
}

import { format, resolveConfig } from 'prettier';

export type Language = 'en' | 'es';

/** A table; a `|` in a cell is escaped, a line end becomes a space. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Prose in lines of at most `width` columns; what stands between backticks is not broken. */
export function wrapped(text: string, width = 118): string[] {
  const words = text.match(/(?:`[^`]*`|[^\s`])+/g) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** One point of a list, in lines. */
export function point(text: string): string {
  return `- ${wrapped(text, 116).join('\n  ')}`;
}

/** As `npm run format` would leave it. */
export async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
}

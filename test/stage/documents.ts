import { readdirSync, readFileSync } from 'node:fs';

/** The documentation as files: the first page and docs/, each in English and in Spanish. */

export interface Edition {
  readonly language: 'en' | 'es';
  readonly firstPage: string;
  readonly folder: string;
  /** How a paragraph begins that asks a person to do something with a phone. */
  readonly scan: string;
  readonly typeCode: string;
}

export const ENGLISH: Edition = {
  language: 'en',
  firstPage: 'README.md',
  folder: 'docs',
  scan: '**Scan it**',
  typeCode: '**Type the code**',
};
export const SPANISH: Edition = {
  language: 'es',
  firstPage: 'README.es.md',
  folder: 'docs/es',
  scan: '**Escanéelo**',
  typeCode: '**Escriba el código**',
};
export const EDITIONS = [ENGLISH, SPANISH] as const;

/** Written in English only; the Spanish pages say so where they lead to it. */
const ENGLISH_ONLY = ['docs/whatsapp.md', 'docs/session-machine.md'];

/** Every page of a language by its path: the first page, then docs/ by name. */
export function pagesOf({ firstPage, folder }: Edition): string[] {
  const pages = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
  return [firstPage, ...pages.filter((page) => !ENGLISH_ONLY.includes(page)).sort()];
}

export const textOf = (page: string): string => readFileSync(page, 'utf8');

export type Block =
  | { readonly kind: 'bash' | 'json'; readonly text: string; readonly line: number }
  | { readonly kind: 'scan' | 'code'; readonly line: number };

/** The examples of a page, and the moments at which a person does something, in their order. */
export function blocksOf(edition: Edition, page: string): Block[] {
  const blocks: Block[] = [];
  let open: { kind: string; lines: string[]; line: number } | null = null;
  for (const [index, text] of textOf(page).split('\n').entries()) {
    const line = index + 1;
    if (open && text === '```') {
      if (open.kind === 'bash' || open.kind === 'json') {
        blocks.push({ kind: open.kind, text: open.lines.join('\n'), line: open.line });
      }
      open = null;
    } else if (open) open.lines.push(text);
    else if (text.startsWith('```')) open = { kind: text.slice(3), lines: [], line };
    else if (text.startsWith(edition.scan)) blocks.push({ kind: 'scan', line });
    else if (text.startsWith(edition.typeCode)) blocks.push({ kind: 'code', line });
  }
  return blocks;
}

/** What is between a heading and the next one of its level or above. */
export function section(text: string, heading: string): string {
  const [found] = text.split(/^(?=#)/m).flatMap((part, index, parts) => {
    const [, marks = '', title] = /^(#+) (.*)\n/.exec(part) ?? [];
    if (title !== heading) return [];
    const rest = parts.slice(index + 1);
    const end = rest.findIndex((one) => new RegExp(`^#{1,${marks.length}} `).test(one));
    return [[part, ...(end < 0 ? rest : rest.slice(0, end))].join('')];
  });
  if (found === undefined) throw new Error(`there is no section "${heading}"`);
  return found;
}

/** Cells of the table whose first column has this head; backticks taken off the first one. */
export function table(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => cells(line)[0]?.trim() === head);
  if (start < 0) throw new Error(`there is no table "${head}"`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) => cells(line).map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')));
}

function cells(line: string): string[] {
  return line.startsWith('|') ? line.slice(1, -1).split('|') : [];
}

/** Where a text leads to, pictures too, without what stands in examples. */
export function linksOf(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
}

/** The anchors of a page, as GitHub makes them out of its headings. */
export function anchorsOf(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

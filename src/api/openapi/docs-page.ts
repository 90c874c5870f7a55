import type { Language } from '../sentences.js';
import type { ApiDocument, DocumentedAnswer, DocumentedOperation, JsonSchema } from './document.js';

/** The page's own words; what the document says is English. */
const WORDS = {
  en: {
    contents: 'Contents',
    open: 'No key needed',
    deprecated: 'Old name',
    parameters: 'Parameters',
    body: 'Body',
    answers: 'Answers',
    example: 'Example',
    name: 'Name',
    type: 'Type',
    about: 'About',
    required: 'required',
    errors: 'Error codes',
    code: 'Code',
    sentence: 'Sentence',
    document: 'This page is made from',
  },
  es: {
    contents: 'Contenido',
    open: 'No requiere clave',
    deprecated: 'Nombre antiguo',
    parameters: 'Parámetros',
    body: 'Cuerpo',
    answers: 'Respuestas',
    example: 'Ejemplo',
    name: 'Nombre',
    type: 'Tipo',
    about: 'Descripción',
    required: 'obligatorio',
    errors: 'Códigos de error',
    code: 'Código',
    sentence: 'Frase',
    document: 'Esta página se genera a partir de',
  },
} as const satisfies Record<Language, Record<string, string>>;
type Words = Readonly<Record<keyof (typeof WORDS)['en'], string>>;

/** The one style; its hash stands in the page's Content-Security-Policy. Both colour schemes keep 4.5:1 or more. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b2430; --paper: #ffffff; --soft: #f2f4f7; --line: #d5dae1; --quiet: #4b5766;
  --mark: #0b5d3b; --warn: #8a3b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6eaf0; --paper: #12161c; --soft: #1c222b; --line: #38414d; --quiet: #a9b4c2;
    --mark: #6fd6a5; --warn: #ffb27a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; margin: 0 0 0.5rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 0.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0; }
h4 { font-size: 0.9rem; margin: 1rem 0 0.25rem; color: var(--quiet); }
a { color: var(--mark); }
article { margin: 1rem 0; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
article:target { outline: 3px solid var(--mark); }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
pre { margin: 0.25rem 0; padding: 0.5rem; overflow-x: auto; background: var(--soft); border-radius: 0.25rem; }
nav ul { columns: 17rem; padding-left: 1.25rem; }
summary { cursor: pointer; padding: 0.25rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.5rem 0.25rem 0; border-top: 1px solid var(--line); }
td:first-child, th:first-child { min-width: 9rem; }
td ul { margin: 0; padding-left: 1rem; }
.method { text-transform: uppercase; color: var(--mark); }
.note { color: var(--quiet); font-size: 0.85rem; font-weight: normal; }
.required { color: var(--warn); font-size: 0.85rem; }
`;

/** The document as a page: one file, no script, nothing loaded from anywhere. */
export function docsPage(document: ApiDocument, language: Language): string {
  const words = WORDS[language];
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const { info } = document;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info.title)} – API</title>
<style>${DOCS_STYLE}</style>
</head>
<body>
<header>
<h1>${escape(info.title)} <span class="note">API ${escape(info.version)} · OpenAPI ${document.openapi}</span></h1>
<div lang="en">${info.description
    .split('\n\n')
    .map((part) => `<p>${prose(part)}</p>`)
    .join('\n')}</div>
<p>${words.document} <a href="/openapi.json">/openapi.json</a>.</p>
</header>
<nav aria-label="${words.contents}">
<h2>${words.contents}</h2>
<ul>
${all.map(contentsLine).join('\n')}
<li><a href="#errors">${words.errors}</a></li>
</ul>
</nav>
<main lang="en">
${document.tags
  .map(
    ({ name, description }) => `<section aria-labelledby="tag-${escape(name)}">
<h2 id="tag-${escape(name)}">${escape(name)}</h2>
<p>${prose(description)}</p>
${all
  .filter(({ operation }) => operation.tags.includes(name))
  .map(({ path, method, operation }) => article(document, words, path, method, operation))
  .join('\n')}
</section>`,
  )
  .join('\n')}
<section aria-labelledby="errors">
<h2 id="errors">${words.errors}</h2>
${table(
  [words.code, 'HTTP', words.sentence],
  document['x-error-codes'].map(({ code, status, en, es }) => [
    `<code>${code}</code>`,
    String(status),
    `<span lang="${language}">${escape(language === 'es' ? es : en)}</span>`,
  ]),
)}
</section>
</main>
</body>
</html>
`;
}

interface Documented {
  readonly path: string;
  readonly method: string;
  readonly operation: DocumentedOperation;
}

function addressOf(path: string, method: string): string {
  return `<code><span class="method">${method}</span> ${escape(path)}</code>`;
}

function contentsLine({ path, method, operation }: Documented): string {
  return `<li><a href="#${operation.operationId}">${addressOf(path, method)}</a></li>`;
}

function article(
  document: ApiDocument,
  words: Words,
  path: string,
  method: string,
  {
    operationId,
    summary,
    description,
    deprecated,
    security,
    parameters = [],
    requestBody,
    responses,
  }: DocumentedOperation,
): string {
  const notes = [...(security ? [words.open] : []), ...(deprecated ? [words.deprecated] : [])].map(
    (note) => `<span class="note">${note}</span>`,
  );
  const body = requestBody?.content['application/json']?.schema;
  const call = example(document, path, method, Boolean(security), body);
  return `<article id="${operationId}" aria-labelledby="${operationId}-title">
<h3 id="${operationId}-title">${addressOf(path, method)} – ${prose(summary)} ${notes.join(' ')}</h3>
${description === undefined ? '' : `<p>${prose(description)}</p>`}
${
  parameters.length === 0
    ? ''
    : `<h4>${words.parameters}</h4>
${table(
  [words.name, words.type, words.about],
  parameters.map((one) => [
    `${nameCell(one.name, one.required, words)}<br><span class="note">${one.in}</span>`,
    typeOf(one.schema),
    prose(one.description ?? ''),
  ]),
)}`
}
${body ? `<h4>${words.body}</h4>\n${schemaTable(document, words, body)}` : ''}
<h4>${words.answers}</h4>
${Object.entries(responses)
  .map(([status, one]) => answer(document, words, status, one))
  .join('\n')}
<details><summary>${words.example}</summary><pre tabindex="0"><code>${escape(call)}</code></pre></details>
</article>`;
}

function answer(
  document: ApiDocument,
  words: Words,
  status: string,
  { description, headers = {}, content }: DocumentedAnswer,
): string {
  const isError = JSON.stringify(content).includes('#/components/schemas/Error"');
  const lines = description.split('\n').map(prose);
  const types = Object.keys(content);
  const shape = isError ? undefined : content['application/json']?.schema;
  const short = isError ? lines.map((line) => line.split(':')[0]).join(', ') : lines.join(' ');
  const list = `<ul>${lines.map((line) => `<li>${line}</li>`).join('')}</ul>`;
  return `<details><summary><strong>${status}</strong> ${short}</summary>
${isError ? list : `<p class="note">${types.map(escape).join(' · ')}</p>`}
${Object.entries(headers)
  .map(([name, header]) => `<p><code>${escape(name)}</code>: ${prose(header.description)}</p>`)
  .join('\n')}
${shape ? schemaTable(document, words, shape) : ''}
</details>`;
}

/** The fields of an object, with those of objects in it by their path: `health.counters`. */
function schemaTable(document: ApiDocument, words: Words, schema: JsonSchema): string {
  const rows = fieldsOf(document, words, schema, '');
  return rows.length === 0 ? '' : table([words.name, words.type, words.about], rows);
}

function fieldsOf(document: ApiDocument, words: Words, schema: JsonSchema, prefix: string): string[][] {
  const { properties = {}, required = [] } = resolved(document, schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, field]) => {
    const one = resolved(document, field);
    const path = `${prefix}${name}`;
    const inside = objectIn(document, one);
    return [
      [nameCell(path, required.includes(name), words), typeOf(one), prose(textOf(one.description))],
      ...(inside ? fieldsOf(document, words, inside, `${path}${isList(one) ? '[]' : ''}.`) : []),
    ];
  });
}

function isList(schema: JsonSchema): boolean {
  return schema.type === 'array';
}

/** The object that a field is, may be, or holds a list of. */
function objectIn(document: ApiDocument, schema: JsonSchema): JsonSchema | undefined {
  const candidates = [
    schema,
    ...((schema.anyOf as JsonSchema[] | undefined) ?? []),
    ...(schema.items ? [schema.items as JsonSchema] : []),
  ];
  return candidates.map((one) => resolved(document, one)).find((one) => one.properties !== undefined);
}

function resolved(document: ApiDocument, schema: JsonSchema): JsonSchema {
  const name = textOf(schema.$ref).replace('#/components/schemas/', '');
  return name === '' ? schema : (document.components.schemas[name] ?? {});
}

function typeOf(schema: JsonSchema): string {
  const values = schema.enum as unknown[] | undefined;
  if (values) return values.map((value) => `<code>${escape(String(value))}</code>`).join(', ');
  if ('const' in schema) return `<code>${escape(String(schema.const))}</code>`;
  const anyOf = schema.anyOf as JsonSchema[] | undefined;
  if (anyOf) return anyOf.map(typeOf).join(' / ');
  const types = [schema.type].flat().map((type) => textOf(type) || 'any');
  const limits = [
    ...(schema.format === undefined ? [] : [textOf(schema.format)]),
    ...(typeof schema.minimum === 'number' || typeof schema.maximum === 'number'
      ? [`${(schema.minimum as number | undefined) ?? '…'}–${(schema.maximum as number | undefined) ?? '…'}`]
      : []),
    ...(typeof schema.maxLength === 'number' ? [`≤ ${schema.maxLength}`] : []),
  ];
  return escape([types.join(' / '), ...limits].join(', '));
}

/** A request for curl; the values are the first examples of the document. */
function example(
  document: ApiDocument,
  path: string,
  method: string,
  open: boolean,
  body: JsonSchema | undefined,
): string {
  const address = path.replace('{organization_id}', EXAMPLES.organization_id ?? '').replace('{message_id}', '3EB0…');
  const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$URL${address}"`];
  if (!open) lines.push('-H "x-api-key: $API_KEY"');
  if (body) {
    const { required = [] } = resolved(document, body) as { required?: string[] };
    const values = required.map((name) => [name, EXAMPLES[name] ?? null]);
    lines.push(`-H "content-type: application/json" \\\n  -d '${JSON.stringify(Object.fromEntries(values))}'`);
  }
  return lines.join(' \\\n  ');
}

/** For the bodies of examples; what is not here may be null. */
const EXAMPLES: Readonly<Record<string, string>> = {
  organization_id: 'clinic-7',
  phone: '+57 300 111 2233',
  message: 'Hola',
};

function nameCell(name: string, required: boolean, words: Words): string {
  return `<code>${escape(name)}</code>${required ? ` <span class="required">${words.required}</span>` : ''}`;
}

/** Cells are HTML already. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((one) => `<th scope="col">${one}</th>`).join('');
  const lines = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${lines}\n</tbody></table></div>`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A sentence of the document; what stands between backticks is code. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

import type { ApiDocument, DocumentedOperation, JsonSchema } from '../../src/api/openapi/document.js';
import { API_WORDS } from './api-words.js';
import { type Language, point, table, wrapped } from './markdown.js';

type Words = (typeof API_WORDS)[Language];
/** One line of a table: its name (with a path into objects), its type, whether it must be there, what it is. */
interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly about: string;
}

/** docs/api.md, made from the OpenAPI document. */
export function apiPage(document: ApiDocument, language: Language): string {
  const words = API_WORDS[language];
  const page = new Page(document, words);
  const tags = document.tags.map(({ name, description }) => {
    const [title, about] = words.tags?.[name as keyof Words['tags']] ?? [name, description];
    return [`## ${title}`, about, ...page.operations(name)].join('\n\n');
  });
  const errors = document['x-error-codes'].map((one) => [`\`${one.code}\``, String(one.status), one[language]]);
  return [
    `${words.intro}\n${page.everywhere()}`,
    words.document,
    ...tags,
    `## ${words.answers}`,
    words.answersAbout,
    ...page.answers(),
    `## ${words.bodies}`,
    table([words.code, 'HTTP', words.sentence], errors),
  ].join('\n\n');
}

class Page {
  /** What every call with the key, and every call with a body, may be refused with: told once. */
  private readonly withKey: readonly string[];
  private readonly withBody: readonly string[];

  constructor(
    private readonly document: ApiDocument,
    private readonly words: Words,
  ) {
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const common = (some: readonly DocumentedOperation[]): string[] => {
      const [first = [], ...others] = some.map((one) => Object.values(refusals(one)).flat());
      return first.filter((code) => others.every((codes) => codes.includes(code)));
    };
    this.withKey = common(all.filter(({ security }) => security === undefined));
    this.withBody = common(all.filter(({ requestBody }) => requestBody !== undefined)).filter(
      (code) => !this.withKey.includes(code),
    );
  }

  everywhere(): string {
    const list = (codes: readonly string[]): string => codes.map((code) => `\`${code}\``).join(', ');
    return [
      point(`${this.words.everyKey} ${list(this.withKey)}.`),
      point(`${this.words.everyBody} ${list(this.withBody)}.`),
    ].join('\n');
  }

  operations(tag: string): string[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags }]) => tags.includes(tag))
        .map(([method, operation]) => this.operation(`${method.toUpperCase()} ${path}`, operation)),
    );
  }

  /** The schemas that operations answer with; those of requests stand beside their operation. */
  answers(): string[] {
    const bodies = new Set(
      Object.values(this.document.paths)
        .flatMap((methods) => Object.values(methods))
        .map(({ requestBody }) => nameOf(requestBody?.content['application/json']?.schema)),
    );
    return Object.entries(this.document.components.schemas)
      .filter(([name]) => !bodies.has(name))
      .map(([name, schema]) => `### ${name}\n\n${this.fieldTable(this.fields(schema))}`);
  }

  private operation(title: string, operation: DocumentedOperation): string {
    const { words } = this;
    const { summary, description, security, deprecated } = operation;
    const open =
      security?.length === 0 ? words.noKey : security?.some((one) => 'shopLink' in one) ? words.shopLink : '';
    const input = this.input(operation);
    return [
      `### ${title}`,
      wrapped(
        [`**${summary}.**`, deprecated ? words.deprecated : '', description ?? '', open].filter(Boolean).join(' '),
      ).join('\n'),
      ...(input ? [input] : []),
      this.outcomes(operation),
    ].join('\n\n');
  }

  private input({ parameters = [], requestBody }: DocumentedOperation): string | null {
    const { words } = this;
    const given = parameters.map(({ name, in: place, required, description = '', schema }) => ({
      ...{ name, required, about: description, type: this.type(schema) },
      place: words.places[place],
    }));
    const body = this.resolved(requestBody?.content['application/json']?.schema ?? {});
    const inBody = this.fields(body).map((one) => ({ ...one, place: words.places.body }));
    const rows = [...given, ...inBody].map(({ name, place, type, required, about }) => [
      `\`${name}\``,
      place,
      required ? `${type}, ${words.required}` : type,
      about,
    ]);
    return rows.length > 0 ? table([words.field, words.where, words.type, words.what], rows) : null;
  }

  private outcomes(operation: DocumentedOperation): string {
    const refused = refusals(operation);
    const good = Object.entries(operation.responses)
      .filter(([status]) => !(status in refused))
      .map(([status, { description, content, headers = {} }]) => {
        const kinds = Object.entries(content).map(([type, { schema }]) => {
          const name = nameOf(schema);
          return name === null ? `\`${type}\`` : `[${name}](#${name.toLowerCase()})`;
        });
        const told = Object.entries(headers).map(([name, { description }]) => `\`${name}\`: ${description}`);
        return point(`**${status}** ${kinds.join(` ${this.words.or} `)}: ${[description, ...told].join(' ')}`);
      });
    const bad = Object.entries(refused)
      .map(([status, codes]) => [status, codes.filter((code) => !this.isCommon(code))] as const)
      .filter(([, codes]) => codes.length > 0)
      .map(([status, codes]) => `${status} ${codes.map((code) => `\`${code}\``).join(', ')}`);
    return [...good, ...(bad.length > 0 ? [point(`${this.words.errors}: ${bad.join('; ')}.`)] : [])].join('\n');
  }

  private isCommon(code: string): boolean {
    return this.withKey.includes(code) || this.withBody.includes(code);
  }

  private fieldTable(fields: readonly Field[]): string {
    const { words } = this;
    if (fields.length === 0) return '`{}`';
    const rows = fields.map(({ name, type, about }) => [`\`${name}\``, type, about]);
    return table([words.field, words.type, words.what], rows);
  }

  /** The fields of an object, those of objects and lists inside it with their path. */
  private fields(schema: JsonSchema, before = ''): Field[] {
    const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
    const required = (schema.required ?? []) as string[];
    return Object.entries(properties).flatMap(([name, one]) => {
      const field = {
        name: `${before}${name}`,
        type: this.type(one),
        required: required.includes(name),
        about: aboutOf(one),
      };
      const inside = insideOf(one);
      return [field, ...(inside ? this.fields(inside.schema, `${before}${name}${inside.mark}`) : [])];
    });
  }

  private type(schema: JsonSchema): string {
    const { words } = this;
    const name = nameOf(schema);
    if (name !== null) return `[${name}](#${name.toLowerCase()})`;
    const choices = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
    if (choices) return [...new Set(choices.map((one) => this.type(one)))].join(` ${words.or} `);
    if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
    if (Array.isArray(schema.enum)) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
    if (schema.type === 'array') return `${words.types.list} ${this.type((schema.items ?? {}) as JsonSchema)}`;
    if (schema.format === 'date-time') return words.types.time;
    const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'object'];
    const named = types.map((one) => words.types[one as keyof Words['types']]).join(` ${words.or} `);
    return [named, this.bounds(schema)].filter(Boolean).join(', ');
  }

  private bounds({ minimum, maximum, maxLength }: JsonSchema): string {
    const { upTo, characters } = this.words;
    if (typeof maxLength === 'number') return `${upTo} ${maxLength} ${characters}`;
    if (typeof maximum !== 'number') return '';
    return typeof minimum === 'number' ? `${minimum} … ${maximum}` : `${upTo} ${maximum}`;
  }

  private resolved(schema: JsonSchema): JsonSchema {
    const name = nameOf(schema);
    return name === null ? schema : (this.document.components.schemas[name] ?? {});
  }
}

function nameOf(schema: JsonSchema | undefined): string | null {
  const ref = schema?.$ref;
  return typeof ref === 'string' ? (ref.split('/').at(-1) ?? null) : null;
}

/** The codes that an operation may be refused with, by HTTP status. */
function refusals({ responses }: DocumentedOperation): Record<string, string[]> {
  const found = Object.entries(responses).map(
    ([status, { content }]) => [status, errorCodes(content['application/json']?.schema)] as const,
  );
  return Object.fromEntries(found.filter(([, codes]) => codes.length > 0));
}

/** The codes of an error answer: an `Error` whose `code` is one of these. */
function errorCodes(schema: JsonSchema | undefined): string[] {
  const [, narrowed] = (schema?.allOf ?? []) as { properties?: { code?: { enum?: string[] } } }[];
  return narrowed?.properties?.code?.enum ?? [];
}

function aboutOf(schema: JsonSchema): string {
  const choices = (schema.anyOf ?? []) as JsonSchema[];
  const [told] = [schema, ...choices].flatMap(({ description }) =>
    typeof description === 'string' ? [description] : [],
  );
  return told ?? '';
}

/** What a field leads into: an object, or the items of a list; one of them may be null. */
function insideOf(schema: JsonSchema): { schema: JsonSchema; mark: string } | null {
  const one = ((schema.anyOf ?? [schema]) as JsonSchema[]).find(({ type }) => type === 'object' || type === 'array');
  if (one?.type === 'array') {
    const items = (one.items ?? {}) as JsonSchema;
    return items.properties ? { schema: items, mark: '[].' } : null;
  }
  return one?.properties ? { schema: one, mark: '.' } : null;
}

import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';
import { SHOP_COOKIE, SIGN_IN_COOKIE } from '../cookies.js';
import { ANSWER_NAMES } from '../answers/common.js';
import { nothing, onlyOrganization } from '../fields.js';
import { type Contract, type SchemaConfig, schemaFor, TAGS } from '../operation.js';
import { OPERATIONS } from '../operations/index.js';
import { fillIn, type Language, SENTENCES } from '../sentences.js';
import { errorsOf } from './errors-of.js';

/** A JSON Schema of draft 2020-12, which is what OpenAPI 3.1 takes. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface DocumentedParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface DocumentedAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

export interface DocumentedOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly deprecated?: true;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly DocumentedParameter[];
  readonly requestBody?: { readonly required: true; readonly content: DocumentedAnswer['content'] };
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}

export interface ApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
  /** Every error code, with what it says in both languages. */
  readonly 'x-error-codes': readonly {
    readonly code: ErrorCode;
    readonly status: number;
    readonly en: string;
    readonly es: string;
  }[];
}

/**
 * Of the contract, not of the program: grows when a field or an operation is added, and its first number when one is
 * taken away.
 */
const API_VERSION = '1.2.0';

const ABOUT =
  'One WhatsApp session per organization, over HTTP. JSON in and out.\n\n' +
  'Every operation needs the key, as `x-api-key` or `Authorization: Bearer` (or the cookie of a browser that signed ' +
  'in), unless it says that it needs none. Errors are always an Error with a stable `code`; sentences follow ' +
  '`Accept-Language` (es, en). Unknown fields are refused by name. An unknown address is 404 `not_found`, a wrong ' +
  'method 405 `method_not_allowed` with `Allow`. Nothing takes longer than 10 s without being asked to. Answers may ' +
  'learn new fields.';

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An operation under one of its paths, with its schemas made. */
export type DocumentableOperation = Omit<Contract, 'query' | 'body' | 'aliases'> & {
  readonly deprecated?: true;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
};

/** Every operation, those of the old names of paths behind the one whose other names they are. */
function documentable(config: SchemaConfig): DocumentableOperation[] {
  return (OPERATIONS as readonly Contract[]).flatMap(({ aliases = [], ...contract }) => {
    const one = {
      ...contract,
      query: schemaFor(contract.query, config),
      body: schemaFor<z.ZodType>(contract.body, config),
    };
    const others = aliases.map((path, n) => ({
      ...one,
      path,
      id: `${one.id}Alias${n + 1}`,
      summary: `Another name of ${one.path}`,
      deprecated: true as const,
    }));
    return [one, ...others];
  });
}

/** The contract as an OpenAPI document, made from the schemas that check the requests. */
export function apiDocument(config: SchemaConfig): ApiDocument {
  const all = documentable(config);
  return {
    openapi: '3.1.0',
    info: { title: 'WhatsApp service', version: API_VERSION, description: ABOUT },
    security: [{ apiKey: [] }, { bearer: [] }, { signIn: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(all),
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        bearer: { type: 'http', scheme: 'bearer' },
        signIn: { type: 'apiKey', in: 'cookie', name: SIGN_IN_COOKIE },
        shopLink: { type: 'apiKey', in: 'cookie', name: SHOP_COOKIE },
      },
      schemas: namedSchemas(all),
    },
    'x-error-codes': (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => ({
      code,
      status: ERROR_CODES[code],
      en: sentenceOf(code, 'en'),
      es: sentenceOf(code, 'es'),
    })),
  };
}

function pathsOf(all: readonly DocumentableOperation[]): ApiDocument['paths'] {
  const paths: Record<string, Record<string, DocumentedOperation>> = {};
  for (const operation of all) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: documented(operation) };
  }
  return paths;
}

function documented(operation: DocumentableOperation): DocumentedOperation {
  const { id, tag, summary, about, scope, deprecated, body } = operation;
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(about !== undefined && { description: about }),
    ...(deprecated && { deprecated }),
    ...(scope !== 'admin' && { security: scope === 'shop' ? [{ shopLink: [] }] : ([] as const) }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: ref(bodyName(operation)) } } },
    }),
    responses: { ...answersOf(operation), ...errorAnswers(operation) },
  };
}

function parametersOf({ params, query, headers }: DocumentableOperation): DocumentedParameter[] {
  const named = (place: DocumentedParameter['in'], object: z.ZodObject | undefined): DocumentedParameter[] => {
    if (!object) return [];
    const { properties = {}, required = [] } = plain(object) as {
      properties?: Record<string, JsonSchema>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, { description, ...schema }]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(text(description) && { description: text(description) }),
      schema,
    }));
  };
  return [...named('path', params), ...named('query', query), ...named('header', headers)];
}

function answersOf({ answers }: DocumentableOperation): Record<string, DocumentedAnswer> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { about, json, other = {}, headers }]) => [
      status,
      {
        description: about,
        ...(headers && {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
          ),
        }),
        content: {
          ...(json && { 'application/json': { schema: ref(nameOf(json)) } }),
          ...Object.fromEntries(Object.entries(other).map(([type, schema]) => [type, { schema: plain(schema) }])),
        },
      },
    ]),
  );
}

/** One answer for each HTTP status, with the codes that it may carry. */
function errorAnswers(operation: DocumentableOperation): Record<string, DocumentedAnswer> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(operation)) {
    const status = ERROR_CODES[code];
    // The one status that is an answer and an error: what is not the one is the other.
    if (!(status in operation.answers)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${sentenceOf(code, 'en')}`).join('\n'),
        ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
        content: {
          'application/json': { schema: { allOf: [ref('Error'), { properties: { code: { enum: codes } } }] } },
        },
      },
    ]),
  );
}

/** JSON answers have names, so that the document says each shape once. */
function nameOf(answer: z.ZodType): string {
  const name = ANSWER_NAMES.get(answer);
  if (name === undefined) throw new Error('A JSON answer has no name; give it one with named()');
  return name;
}

function sentenceOf(code: ErrorCode, language: Language): string {
  return fillIn(SENTENCES[language].errors[code].sentence, { fields: '…' });
}

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds after which another try makes sense.', schema: { type: 'string' } },
};

/** Every answer and every body under its own name; the same schema twice is one name. */
function namedSchemas(all: readonly DocumentableOperation[]): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of ANSWER_NAMES) registry.add(schema, { id });
  for (const operation of all) {
    if (operation.body && !registry.has(operation.body)) registry.add(operation.body, { id: bodyName(operation) });
  }
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
    override: tidy,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, withoutAddress(schema as JsonSchema)]),
  );
}

/** What several operations take has the name of what it is. */
function bodyName({ id, body }: DocumentableOperation): string {
  if (body === nothing) return 'Nothing';
  // Another name of an operation takes the same body.
  const name = id.replace(/Alias\d+$/, '');
  return body === onlyOrganization ? 'OnlyOrganization' : `${name[0]?.toUpperCase()}${name.slice(1)}Request`;
}

/** A schema by itself. */
function plain(schema: z.ZodType): JsonSchema {
  return withoutAddress(z.toJSONSchema(schema, { io: 'input', override: tidy }));
}

function withoutAddress({ $schema: _schema, $id: _id, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

/**
 * What zod writes for itself and no reader needs: the bounds of exact integers, and the pattern of a date that
 * `format` names.
 */
function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  delete jsonSchema.propertyNames;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

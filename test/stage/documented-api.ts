import Ajv from 'ajv';
import { expect } from 'vitest';
import type { ApiDocument, DocumentedOperation } from '../../src/api/openapi/document.js';
import type { Stage } from './stage.js';

interface Call {
  params?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Sent as it is when a text, as JSON otherwise. */
  body?: unknown;
  /** Without a key. */
  anonymous?: boolean;
  /** Only the beginning of the answer is read. */
  stream?: boolean;
}

/** A client that knows only the document: it finds operations by id, and takes no answer that is not described. */
export class DocumentedApi {
  /** `getQr 200 image/png`: what was answered so far. */
  readonly seen = new Set<string>();
  readonly operations = new Map<string, { path: string; method: string; operation: DocumentedOperation }>();
  private readonly ajv = new Ajv({ allErrors: true, schemaId: '$id' });

  constructor(
    private readonly stage: Stage,
    readonly document: ApiDocument,
  ) {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        this.operations.set(operation.operationId, { path, method, operation });
      }
    }
    // In the document answers may grow; here a field that nobody described is a mistake.
    const closed = structuredClone(document);
    Object.values(closed.components.schemas).forEach(close);
    this.ajv.addSchema(closed, 'api');
  }

  // As in stage/api.ts: answers are asserted on field by field.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async call(id: string, expected: number, call: Call = {}): Promise<any> {
    const found = this.operations.get(id);
    if (!found) throw new Error(`no operation ${id}`);
    const { path, method, operation } = found;
    const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(call.params?.[name] ?? '?'));
    const query = call.query ? `?${new URLSearchParams(call.query).toString()}` : '';
    const parameters = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);
    if (expected < 400) {
      expect(parameters).toEqual(expect.arrayContaining(Object.keys(call.query ?? {})));
      this.checkBody(id, operation, call.body);
    }
    const abort = new AbortController();
    const response = await fetch(this.stage.api.url + address + query, {
      method: method.toUpperCase(),
      signal: abort.signal,
      headers: {
        'accept-language': 'en',
        ...(call.anonymous ? {} : { 'x-api-key': this.stage.key }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body !== undefined && { body: typeof call.body === 'string' ? call.body : JSON.stringify(call.body) }),
    });
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const text = call.stream ? await firstChunk(response) : await response.text();
    abort.abort();
    const place = `${id} ${response.status} ${type}`;
    expect(response.status, `${place}: ${text.slice(0, 500)}`).toBe(expected);
    const answer = operation.responses[String(response.status)];
    expect(answer, `${place} is not documented`).toBeDefined();
    expect(Object.keys(answer?.content ?? {}), place).toContain(type);
    for (const name of Object.keys(answer?.headers ?? {})) {
      if (name === 'Location') expect(response.headers.get(name), place).not.toBeNull();
    }
    this.seen.add(place);
    if (type !== 'application/json') return text;
    const body = JSON.parse(text);
    this.check(['paths', path, method, 'responses', String(response.status), 'content', type, 'schema'], body, place);
    return body;
  }

  /** What is sent as right must be right by the document. */
  private checkBody(id: string, operation: DocumentedOperation, body: unknown): void {
    expect(body !== undefined, `${id} takes a body`).toBe(operation.requestBody !== undefined);
    if (body === undefined) return;
    const { path, method } = this.operations.get(id) ?? { path: '', method: '' };
    this.check(['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'], body, `${id} request`);
  }

  /** Whether the document takes a body. */
  takes(id: string, body: unknown): boolean {
    const { path, method } = this.operations.get(id) ?? { path: '', method: '' };
    return this.validator(['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'])(
      body,
    ) as boolean;
  }

  /** Whether the body of an operation has a field, by the document. */
  knows(id: string, field: string): boolean {
    const schema = this.operations.get(id)?.operation.requestBody?.content['application/json']?.schema;
    const name = (schema?.$ref as string).split('/').at(-1) ?? '';
    return field in (this.document.components.schemas[name]?.properties as object);
  }

  private check(place: string[], value: unknown, what: string): void {
    const validate = this.validator(place);
    const valid = validate(value);
    expect(valid, `${what}: ${this.ajv.errorsText(validate.errors)}\n${JSON.stringify(value).slice(0, 1000)}`).toBe(
      true,
    );
  }

  private validator(place: string[]) {
    const pointer = place.map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/');
    const validate = this.ajv.getSchema(`api#/${pointer}`);
    if (!validate) throw new Error(`no schema at ${place.join(' ')}`);
    return validate;
  }
}

function close(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('properties' in schema && !('additionalProperties' in schema)) {
    Object.assign(schema, { additionalProperties: false });
  }
  Object.values(schema).forEach(close);
}

async function firstChunk(response: Response): Promise<string> {
  const { value } = (await response.body?.getReader().read()) ?? {};
  return Buffer.from((value as Uint8Array | undefined) ?? []).toString('utf8');
}

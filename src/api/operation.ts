import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Config } from '../config.js';
import type { ErrorCode } from '../errors.js';
import type { HttpParts } from './http-parts.js';
import type { RequestContext } from './request-context.js';

/**
 * What an operation is. Routes, the OpenAPI document, its page and the clients' types all come from the list of them.
 */

/** The groups of operations in the document. */
export const TAGS = {
  Sessions: "An organization's session: linking a phone, looking at it, stopping it.",
  Keys: 'Setting keys aside, the backups, and the way back.',
  Messages: 'Every accepted message is stored first, and goes out as soon as it may.',
  Events: 'What happened, in order.',
  Webhooks: 'The same, sent to an address of yours.',
  Page: "The operator's page: signing in, the links, what it shows.",
  Operation: 'For machines that watch the service, and for those who write to it.',
} as const;

/**
 * Who may ask.
 * - `admin`: the API key, or the cookie of a browser that signed in
 * - `shop`: the cookie of an opened link for the shop
 * - `open`: everybody
 * - `page`: everybody; files for browsers, whose addresses are read letter by letter
 */
export type Scope = 'admin' | 'shop' | 'open' | 'page';

/** What schemas may depend on. */
export type SchemaConfig = Pick<Config, 'DEFAULT_COUNTRY' | 'WEBHOOK_ALLOW_PRIVATE'>;
/** A schema, or how it is made. */
type SchemaFor<Schema extends z.ZodType> = Schema | ((config: SchemaConfig) => Schema);

export interface AnswerOf {
  readonly about: string;
  /** A JSON answer; its name in the document is given by `named` (answers/common.ts). */
  readonly json?: z.ZodType;
  /** Answers of other types, by media type. */
  readonly other?: Readonly<Record<string, z.ZodType>>;
  /** Headers by name, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** All of an operation that can be said without running it. */
export interface Contract {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** As express writes it, `/api/qr/:organization_id`. */
  readonly path: string;
  /** Old names of the path. */
  readonly aliases?: readonly string[];
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly about?: string;
  readonly scope: Scope;
  /** Nearly all requests are for it: it is looked at before all others. */
  readonly often?: true;
  /** The parts of the path. */
  readonly params?: z.ZodObject;
  /** A parameter that is blank counts as absent. */
  readonly query?: SchemaFor<z.ZodObject>;
  /** Only these headers are read. */
  readonly headers?: z.ZodObject;
  readonly body?: SchemaFor<z.ZodType>;
  /** By HTTP status. */
  readonly answers: Readonly<Record<number, AnswerOf>>;
  /** Beside those that any operation of its kind may answer (openapi/errors-of.ts). */
  readonly errors?: readonly ErrorCode[];
}

/** Nothing of an answer is changed, neither by who makes it nor by who gets it. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;
/** An answer as its schema describes it. */
export type Shape<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

/** The schema itself, where the contract has a maker of it. */
export type Made<Schema> = Schema extends (config: SchemaConfig) => infer Result ? Result : Schema;
type Read<Schema> = Made<Schema> extends z.ZodType<infer Output> ? Output : undefined;

/** What a handler is given, checked. */
export interface Input<C extends Contract> {
  readonly params: Read<C['params']>;
  readonly query: Read<C['query']>;
  readonly headers: Read<C['headers']>;
  readonly body: Read<C['body']>;
}

/** What belongs to a request beside its input. */
export interface Call {
  readonly request: Request;
  /** For headers and cookies; the answer itself is what the handler returns. */
  readonly response: Response;
  readonly context: RequestContext;
}

/** What a handler returns: one of the answers of its contract. */
export type Reply<C extends Contract> = {
  [Status in keyof C['answers'] & number]: ReplyWith<Status, C['answers'][Status]>;
}[keyof C['answers'] & number];
type ReplyWith<Status, Answer> =
  | (Answer extends { readonly json: infer Schema extends z.ZodType }
      ? { readonly status: Status; readonly json: Shape<Schema> }
      : never)
  | (Answer extends { readonly other: object }
      ? { readonly status: Status; readonly type: string; readonly body: string | Buffer }
      : never)
  | (Answer extends { readonly other: { readonly 'text/event-stream': unknown } } ? typeof STREAMED : never);

/** The handler goes on writing the answer itself. */
export const STREAMED = Symbol('streamed');

export interface Handler<C extends Contract> {
  /** Looked at before the body is read. */
  before?(call: Call): void | Promise<void>;
  handle(input: Input<C>, call: Call): Promise<Reply<C>>;
}

export type Operation<C extends Contract = Contract> = C & {
  /** Called once for an app, so what it counts belongs to that app. */
  readonly handlerFor: (parts: HttpParts) => Handler<C>;
};

/** An operation of any contract, as the derivations read it. */
export type AnyOperation = Contract & {
  readonly handlerFor: (parts: HttpParts) => {
    readonly before?: (call: Call) => void | Promise<void>;
    // Each handler takes exactly what its own schemas give.
    readonly handle: (input: never, call: Call) => Promise<AnyReply>;
  };
};
export type AnyReply =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly type: string; readonly body: string | Buffer }
  | typeof STREAMED;

/**
 * One operation: what it takes and answers, and then, with `handledBy`, what it does: a function of the rooms that
 * returns what handles a call, or that with what is to be looked at before the body is read. In two steps, so that
 * the answers are known when the handler is read.
 */
export function operation<const C extends Contract>(contract: C) {
  return {
    handledBy(handler: (parts: HttpParts) => Handler<C> | Handler<C>['handle']): Operation<C> {
      return {
        ...contract,
        handlerFor: (parts) => {
          const made = handler(parts);
          return typeof made === 'function' ? { handle: made } : made;
        },
      };
    },
  };
}

/** Whatever the schema depends on is known now. */
export function schemaFor<Schema extends z.ZodType>(
  schema: SchemaFor<Schema> | undefined,
  config: SchemaConfig,
): Schema | undefined {
  return typeof schema === 'function' ? schema(config) : schema;
}

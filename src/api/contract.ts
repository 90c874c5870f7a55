import type { z } from 'zod';
import type { errorAnswer } from './answers/common.js';
import type { event } from './answers/event.js';
import type { Frozen, Made, Shape } from './operation.js';
import type { OPERATIONS } from './operations/index.js';

/**
 * The contract as types, and how a request's address is made of it, for whoever speaks to the service over HTTP: the
 * terminal, the pages, the demo. Nothing else of `api` is there at run time.
 */

type AnyOperation = (typeof OPERATIONS)[number];
type AddressOf<O> = O extends { readonly method: infer Method extends string; readonly path: infer Path extends string }
  ? `${Uppercase<Method>} ${Path}`
  : never;
type Contract = { readonly [O in AnyOperation as AddressOf<O>]: O };

/** Method and path of an operation: `GET /api/status/:organization_id`. */
export type Address = keyof Contract;

type JsonIn<OneAnswer> = OneAnswer extends { readonly json: infer Schema extends z.ZodType } ? Shape<Schema> : never;
type Answers<A extends Address> = Contract[A]['answers'];
/** A JSON answer of an operation that is no error; where it has several, one of them. */
export type AnswerOf<A extends Address> = { [S in keyof Answers<A>]: JsonIn<Answers<A>[S]> }[keyof Answers<A>];

type Given<O, Part extends 'params' | 'query' | 'headers' | 'body'> = O extends { readonly [P in Part]: infer Schema }
  ? Made<Schema> extends z.ZodType
    ? z.input<Made<Schema>>
    : never
  : undefined;
/** What an operation is given in its body. */
export type BodyOf<A extends Address> = Given<Contract[A], 'body'>;
export type QueryOf<A extends Address> = Given<Contract[A], 'query'>;
export type ParamsOf<A extends Address> = Given<Contract[A], 'params'>;

type Part<Name extends string, Content> = [Content] extends [undefined]
  ? object
  : object extends Content
    ? { readonly [N in Name]?: Content }
    : { readonly [N in Name]: Content };
/**
 * What an operation is asked with; a part in which nothing is needed may be left out.
 * @typeParam Query who passes on what a person typed has another
 */
export type Asked<A extends Address, Query = Frozen<QueryOf<A>>> = Part<'params', ParamsOf<A>> &
  Part<'query', Query> &
  Part<'body', Frozen<BodyOf<A>>>;

/** The parts of a request, of whatever operation. */
export interface AnyAsked {
  readonly params?: object;
  readonly query?: object;
  readonly body?: object;
}

/** Method and path, the values put in; what is undefined is left out. */
export function targetOf(address: Address, { params = {}, query = {} }: AnyAsked): { method: string; path: string } {
  const [method = '', pattern = ''] = address.split(' ');
  const values = new Map<string, unknown>(Object.entries(params));
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
  const asked = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, String(value)]));
  return { method, path: asked.length === 0 ? path : `${path}?${search.toString()}` };
}

/** Every answer that is an error. Further facts may stand beside these. */
export type ErrorAnswer = Shape<typeof errorAnswer>;
/** An event, in a list as in the live stream. */
export type EventAnswer = Shape<typeof event>;

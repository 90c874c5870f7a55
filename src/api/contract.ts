import type { z } from 'zod';
import type { errorAnswer } from './answers/common.js';
import type { event } from './answers/event.js';
import type { Frozen, Made, Shape } from './operation.js';
import type { OPERATIONS } from './operations/index.js';

/**
 * The contract as types, for whoever speaks to the service over HTTP: the terminal, the pages, the demo, tests.
 * Nothing of it is there at run time.
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
  ? unknown
  : object extends Content
    ? { readonly [N in Name]?: Content }
    : { readonly [N in Name]: Content };
/** What an operation is asked with; a part in which nothing is needed may be left out. */
export type Asked<A extends Address> = Part<'params', ParamsOf<A>> &
  Part<'query', Frozen<QueryOf<A>>> &
  Part<'body', Frozen<BodyOf<A>>>;

/** Every answer that is an error. Further facts may stand beside these. */
export type ErrorAnswer = Shape<typeof errorAnswer>;
/** An event, in a list as in the live stream. */
export type EventAnswer = Shape<typeof event>;

import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { ServiceError } from '../errors.js';
import type { HttpParts } from './http-parts.js';
import { type AnyOperation, type AnyReply, type Call, schemaFor, STREAMED } from './operation.js';
import { jsonBody, readBody, readHeaders, readParams, readQuery } from './request-input.js';
import { contextOf } from './request-context.js';
import { requireShopVisit } from './shop-visit.js';

/** In the order in which `Allow` names them. */
const METHODS = ['get', 'post', 'patch', 'delete'] as const;

/**
 * Express' routes for operations, out of their contracts: whoever may ask (the key is asked for before, in app.ts),
 * the body, the other input, the handler, its answer. Every other method of a path is 405 `method_not_allowed` with
 * `Allow`.
 */
export function routesOf(
  operations: readonly AnyOperation[],
  parts: HttpParts,
  { caseSensitive = false }: { caseSensitive?: boolean } = {},
): Router {
  const router = Router({ caseSensitive });
  for (const [path, ofPath] of byPath(operations)) {
    const route = router.route(path);
    for (const one of ofPath) route[one.method](...handlersOf(one, parts));
    route.all(methodNotAllowed(ofPath));
  }
  return router;
}

/** An old name of a path is a path like the others. */
function byPath(operations: readonly AnyOperation[]): Map<string, AnyOperation[]> {
  const paths = new Map<string, AnyOperation[]>();
  for (const one of operations) {
    for (const path of [one.path, ...(one.aliases ?? [])]) paths.set(path, [...(paths.get(path) ?? []), one]);
  }
  return paths;
}

function methodNotAllowed(ofPath: readonly AnyOperation[]): RequestHandler {
  const taken = METHODS.filter((method) => ofPath.some((one) => one.method === method));
  const allow = taken.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ');
  return (_request, response) => {
    response.set('Allow', allow);
    throw new ServiceError('method_not_allowed');
  };
}

/** Nobody's body is read before the key, the address and the method were found right. */
function handlersOf(one: AnyOperation, parts: HttpParts): RequestHandler[] {
  const { config, limits } = parts;
  const { before, handle } = one.handlerFor(parts);
  const { params, headers } = one;
  const query = schemaFor(one.query, config);
  const body = schemaFor<z.ZodType>(one.body, config);

  const answer = async (request: Request, response: Response): Promise<void> => {
    const input = {
      params: params && readParams(params, request, response),
      query: query && readQuery(query, request, response),
      body: body && readBody(body, request, response),
      headers: headers && readHeaders(headers, request, response),
    };
    write(response, await handle(input as never, callOf(request, response)));
  };
  return [
    ...(one.scope === 'shop' ? [requireShopVisit(parts)] : []),
    ...(before ? [first(before)] : []),
    ...(body ? [jsonBody(one.scope === 'admin' ? limits.bodyBytes : limits.openBodyBytes)] : []),
    answer,
  ];
}

function callOf(request: Request, response: Response): Call {
  return { request, response, context: contextOf(response) };
}

function first(before: (call: Call) => void | Promise<void>): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    await before(callOf(request, response));
    next();
  };
}

function write(response: Response, reply: AnyReply): void {
  if (reply === STREAMED) return;
  response.status(reply.status);
  if ('json' in reply) response.json(reply.json);
  else response.set('Content-Type', reply.type).send(reply.body);
}

import { createHash } from 'node:crypto';
import type { Express } from 'express';
import { beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/errors.js';
import { apiDocument, type ApiDocument } from '../../../src/api/openapi/document.js';
import { config, onStage, type Stage } from './stage.js';

const document = apiDocument(config);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

interface Layer {
  route?: { path: string; stack: { method?: string }[] };
  handle?: { stack?: Layer[] };
}

/** `GET /api/status/{organization_id}` for every route of the app, however deep its router is. */
function routesOf(app: Express): string[] {
  const found: string[] = [];
  const visit = (layers: readonly Layer[]): void => {
    for (const { route, handle } of layers) {
      if (handle?.stack) visit(handle.stack);
      if (!route) continue;
      const methods = new Set(route.stack.map(({ method }) => method).filter((method) => method !== undefined));
      for (const method of methods) found.push(`${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
    }
  };
  visit((app as unknown as { router: { stack: Layer[] } }).router.stack);
  return found;
}

function refsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) =>
    key === '$ref' && typeof inside === 'string' ? [inside] : refsIn(inside),
  );
}

let stage: Stage;
beforeEach(() => {
  stage = onStage();
});

describe('the OpenAPI document', () => {
  it('has every route of the app, and no other: both are derived from src/api/operations/index.ts', () => {
    const routes = routesOf(stage.app);
    expect(routes.length).toBeGreaterThan(20);
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...routes].sort());
  });

  it('is whole: ids are unique, references lead somewhere, every part of a path and every tag is described', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const names = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    const refs = refsIn(document);
    expect(refs.filter((ref) => !names.has(ref))).toEqual([]);
    expect([...names].filter((name) => !refs.includes(name))).toEqual([]);
    const tags = document.tags.map(({ name }) => name);
    for (const { path, operation } of operations) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect(described.map(({ name }) => name)).toEqual(parts);
      expect(described.every(({ required }) => required)).toBe(true);
      expect(tags).toContain(operation.tags[0]);
    }
  });

  it('says of every schema what it is, without the leavings of its making', () => {
    const text = JSON.stringify(document);
    for (const leaving of ['"$schema"', '"$id"', String(Number.MAX_SAFE_INTEGER), '{}']) {
      expect(text.includes(leaving), leaving).toBe(leaving === '{}' && text.includes('"additionalProperties":{}'));
    }
  });

  it('refuses in bodies what the service refuses, and lets answers grow', () => {
    const { schemas } = document.components;
    const bodies = Object.keys(schemas).filter((name) => name.endsWith('Request') || name === 'OnlyOrganization');
    expect(bodies).toEqual(
      expect.arrayContaining(['StartSessionRequest', 'SendMessageRequest', 'RestoreSessionRequest']),
    );
    for (const name of bodies) expect(schemas[name]?.additionalProperties, name).toBe(false);
    expect(schemas.SendMessageRequest).toMatchObject({
      required: ['organization_id', 'phone', 'message'],
      properties: { message: { type: 'string', maxLength: 65_536 }, wait_ms: { minimum: 0, maximum: 30_000 } },
    });
    expect(schemas.SessionStatus?.additionalProperties).toBeUndefined();
  });

  it('has every error code with its status and both sentences', () => {
    expect(Object.fromEntries(document['x-error-codes'].map(({ code, status }) => [code, status]))).toEqual(
      ERROR_CODES,
    );
    for (const { code, en, es } of document['x-error-codes']) {
      expect(en, code).not.toBe('');
      expect(es, code).not.toBe(en);
    }
  });

  it('is told without a key, with nothing of any organization; everything else but health asks for one', async () => {
    const response = await stage.anonymous.get('/openapi.json').expect(200);
    expect(response.headers['content-type']).toContain('application/json');
    expect(response.body as ApiDocument).toEqual(JSON.parse(JSON.stringify(document)));
    await stage.anonymous.head('/openapi.json').expect(200);
    expect((await stage.anonymous.post('/openapi.json')).headers.allow).toBe('GET, HEAD');
    for (const { path, method, operation } of operations) {
      const address = path
        .replace('{organization_id}', '2')
        .replace('{message_id}', '3EB0')
        .replace('{webhook_id}', 'wh_0');
      const { status } = await stage.anonymous[method as 'get' | 'post' | 'patch' | 'delete'](address);
      expect(status === 401, `${method} ${path}`).toBe(operation.security === undefined);
    }
  });
});

describe('/docs', () => {
  it('is the document, with a policy that lets it load and run nothing but its own style', async () => {
    const response = await stage.anonymous.get('/docs').set('Accept-Language', 'en').expect(200);
    const html = response.text;
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    for (const { path, operation } of operations) {
      expect(html).toContain(`id="${operation.operationId}"`);
      expect(html).toContain(path);
    }
    for (const code of Object.keys(ERROR_CODES)) expect(html).toContain(`<code>${code}</code>`);
    const style = /<style>([^]*?)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\sstyle=|\son\w+=|url\(|@import|https?:\/\//);
    expect(style).toContain('prefers-color-scheme: dark');
    expect(html).toContain('name="viewport"');
  });

  it('is well formed: every tag that opens closes, every id is there once, every link leads somewhere', async () => {
    const { text: html } = await stage.anonymous.get('/docs');
    const open: string[] = [];
    for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (['meta', 'br'].includes(name)) continue;
      if (slash) expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...html.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('speaks Spanish and English', async () => {
    const spanish = (await stage.anonymous.get('/docs').set('Accept-Language', 'es-CO')).text;
    const english = (await stage.anonymous.get('/docs').set('Accept-Language', 'en')).text;
    expect(spanish).toContain('<html lang="es">');
    expect(spanish).toContain('obligatorio');
    expect(english).toContain('<html lang="en">');
    expect(english).not.toContain('obligatorio');
  });
});

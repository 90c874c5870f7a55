/**
 * The HTTP control port, for the demo and for playing by hand. On 127.0.0.1 and without a key: it is a toy's panel.
 * `POST /admin/mock-phone/scan-qr` with the QR text as the plain body is the path that Baileys' own end-to-end tests
 * call.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { announceHistory, answerByHand, bustle, changeMessage, changeSettings, type LifeCall } from './control-life.js';
import type { Emulator } from './emulator.js';
import { KEYS_STATES } from './key-states.js';
import { invoke } from './mishap-requests.js';

export interface Control {
  url: string;
  stop(): Promise<void>;
}

/** The phone that scans when the caller does not say which. */
export const DEFAULT_PHONE = '573001112233';
/** A QR picture as a data URL fits well. */
const LARGEST_BODY = 256 * 1024;

class BadRequest extends Error {}

interface Call {
  emulator: Emulator;
  /** What stood in the path's variable places. */
  parts: string[];
  query: URLSearchParams;
  body: string;
}

interface Route {
  method: 'GET' | 'POST';
  path: RegExp;
  help: string;
  answer: (call: Call) => unknown;
}

/** Requests about the rest of a phone's life. */
function lifeRoute(name: string, help: string, answer: (call: LifeCall) => unknown, of = 'phones'): Route {
  return {
    method: 'POST',
    path: new RegExp(`^/admin/${of}/(\\d+)/${name}$`),
    help: `POST /admin/${of}/NUMBER/${name}`.padEnd(50) + help,
    answer: ({ emulator, parts, body }) => answer({ emulator, number: parts[0] ?? '', fields: json(body) }),
  };
}

const routes: Route[] = [
  {
    method: 'GET',
    path: /^\/$/,
    help: 'GET  /                                         this list',
    answer: () => routes.map(({ help }) => help).join('\n') + '\n',
  },
  {
    method: 'POST',
    path: /^\/admin\/mock-phone\/scan-qr$/,
    help:
      'POST /admin/mock-phone/scan-qr?phone=NUMBER        body: the QR text, ' +
      `or a PNG as data URL (default phone ${DEFAULT_PHONE})`,
    answer: ({ emulator, query, body }) => {
      const phone = emulator.phone(query.get('phone') ?? DEFAULT_PHONE);
      return body.startsWith('data:') ? phone.scanQrPicture(body) : phone.scanQr(body);
    },
  },
  {
    method: 'POST',
    path: /^\/admin\/phones\/(\d+)\/pairing-code$/,
    help: 'POST /admin/phones/NUMBER/pairing-code            body: the 8 characters, plain or {"code"}',
    answer: ({ emulator, parts, body }) => {
      const code = body.trimStart().startsWith('{') ? textField(json(body), 'code') : body;
      return emulator.phone(parts[0] ?? '').enterPairingCode(code.trim());
    },
  },
  {
    method: 'POST',
    path: /^\/admin\/phones\/(\d+)\/unlink$/,
    help: 'POST /admin/phones/NUMBER/unlink                  body: nothing, or {"device_jid"}',
    answer: async ({ emulator, parts, body }) => {
      const phone = emulator.phone(parts[0] ?? '');
      const fields = json(body);
      await phone.unlink('device_jid' in fields ? textField(fields, 'device_jid') : undefined);
      return { devices: phone.devices() };
    },
  },
  {
    method: 'GET',
    path: /^\/admin\/phones\/(\d+)$/,
    help: 'GET  /admin/phones/NUMBER                         its linked devices',
    answer: ({ emulator, parts }) => ({ devices: emulator.phone(parts[0] ?? '').devices() }),
  },
  {
    method: 'POST',
    path: /^\/admin\/customers\/(\d+)\/write$/,
    help: 'POST /admin/customers/NUMBER/write                body: {"to","text"}',
    answer: ({ emulator, parts, body }) => {
      const fields = json(body);
      return emulator.customer(parts[0] ?? '').write(textField(fields, 'to'), textField(fields, 'text'));
    },
  },
  {
    method: 'POST',
    path: /^\/admin\/customers\/(\d+)\/add-device$/,
    help: 'POST /admin/customers/NUMBER/add-device           one more device, of which nobody is told',
    answer: ({ emulator, parts }) => ({ device: emulator.customer(parts[0] ?? '').addDeviceSilently() }),
  },
  {
    method: 'POST',
    path: /^\/admin\/customers\/(\d+)\/keys$/,
    help:
      'POST /admin/customers/NUMBER/keys                 body: {"device","state"}; states: ' +
      `${KEYS_STATES.join(', ')}`,
    answer: ({ emulator, parts, body }) => {
      const fields = json(body);
      const state = KEYS_STATES.find((one) => one === fields['state']);
      if (!state) throw new BadRequest(`"state" must be one of ${KEYS_STATES.join(', ')}`);
      emulator.customer(parts[0] ?? '').keysOf(Number(fields['device'] ?? 0), state);
    },
  },
  {
    method: 'GET',
    path: /^\/admin\/customers\/(\d+)\/messages$/,
    help: 'GET  /admin/customers/NUMBER/messages             what the customer read, and could not read',
    answer: ({ emulator, parts }) => {
      const { messages, unreadable } = emulator.customer(parts[0] ?? '');
      return { messages, unreadable };
    },
  },
  lifeRoute('bustle', 'body: {"kind":"group, status, list or channel","messages","members"}', bustle),
  lifeRoute('answer', 'body: {"to","text","browser"}: the owner writes by hand', answerByHand),
  lifeRoute('history', 'body: {"megabytes"}: a history is announced', announceHistory),
  lifeRoute('settings', 'settings change, and a key for them is shared', changeSettings),
  lifeRoute('change', 'body: {"to","what":"edit, revoke, reaction or image","id","text"}', changeMessage, 'customers'),
  {
    method: 'GET',
    path: /^\/admin\/media$/,
    help: 'GET  /admin/media                                 how often media or a history was downloaded or uploaded',
    answer: ({ emulator: { media } }) => ({ url: media.url, downloads: media.downloads, uploads: media.uploads }),
  },
  {
    method: 'POST',
    path: /^\/admin\/mishaps\/([A-Za-z]+)$/,
    help:
      'POST /admin/mishaps/NAME                          body: {"org":"NUMBER or *", ...}; names and fields: ' +
      'GET /admin/mishaps',
    answer: async ({ emulator, parts, body }) => invoke(emulator.mishaps, parts[0] ?? '', json(body)),
  },
  {
    method: 'GET',
    path: /^\/admin\/mishaps$/,
    help: 'GET  /admin/mishaps                               the mishaps and their fields',
    answer: ({ emulator }) => invoke(emulator.mishaps, 'help', {}),
  },
  {
    method: 'GET',
    path: /^\/admin\/record$/,
    help: 'GET  /admin/record                                logins, messages, receipts, what was unreadable...',
    answer: ({ emulator }) => emulator.record.toJSON(),
  },
];

export async function startControl(emulator: Emulator, host: string, port: number): Promise<Control> {
  const server = createServer((request, response) => {
    const send = (status: number, answer: unknown) => {
      const text = typeof answer === 'string';
      response.writeHead(status, { 'Content-Type': text ? 'text/plain; charset=utf-8' : 'application/json' });
      response.end(text ? answer : `${JSON.stringify(answer ?? { ok: true })}\n`);
    };
    answer(emulator, request).then(
      ([status, body]) => send(status, body),
      (error: Error) => send(400, { error: error.message }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(emulator: Emulator, request: IncomingMessage): Promise<[number, unknown]> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const matching = routes.filter(({ path }) => path.test(url.pathname));
  const route = matching.find(({ method }) => method === request.method);
  if (!route) return [matching.length ? 405 : 404, { error: 'no such route; GET / lists them' }];
  const parts = route.path.exec(url.pathname)?.slice(1) ?? [];
  const body = await readBody(request);
  return [200, await route.answer({ emulator, parts, query: url.searchParams, body })];
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new BadRequest(`the body is larger than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function json(body: string): Record<string, unknown> {
  if (!body.trim()) return {};
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new BadRequest('the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequest('the body must be a JSON object');
  }
  return value as Record<string, unknown>;
}

function textField(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !value) throw new BadRequest(`"${name}" must be a text`);
  return value;
}

/**
 * The host that keeps encrypted media and histories, on 127.0.0.1. It counts what it is asked for. As `https` it is
 * what `media_conn` names: a client that trusts `certificate` (Baileys: `fetchAgent` for uploads, `options.dispatcher`
 * for downloads) brings and fetches its files there. As plain `http` the same files lie at `url`, for clients that
 * trust nobody.
 *
 * Baileys fetches media that has a `directPath` from `https://mmg.whatsapp.net` (or another host, always `https`), and
 * media that has only a `url` from there (lib/Utils/messages-media.js). A history has a path only; `toMediaHost` leads
 * a client's `fetch` here.
 */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getMediaKeys, MEDIA_PATH_MAP, type MediaType } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { selfSigned } from './self-signed.js';

/** A file as a message names it; `url` stands in for the path where a client takes one. */
export interface StoredMedia {
  url: string;
  directPath: string;
  mediaKey: Buffer;
  fileSha256: Buffer;
  fileEncSha256: Buffer;
  fileLength: number;
}

/** Of one upload, bytes. */
export const LARGEST_FILE = 100 * 1024 * 1024;
/** Of all files, bytes; then the oldest are forgotten, as WhatsApp does after some weeks. */
const KEPT_BYTES = 1024 * 1024 * 1024;
/** WhatsApp's own name for this host. */
const WHATSAPPS_HOST = /^https:\/\/(?:mmg|media[\w.-]*)\.whatsapp\.net(?=\/)/;
/** Where clients bring files, by kind; the file's own name follows. */
const UPLOAD_PATHS = new Set<string>(Object.values(MEDIA_PATH_MAP));

export class MediaHost {
  /** How often something was asked for, or brought here. */
  downloads = 0;
  uploads = 0;
  /** The uploads by kind: `/mms/image` and the like. */
  readonly uploadsTo = new Map<string, number>();
  /** What `media_conn` hands out, and an upload must show. */
  readonly auth = randomBytes(18).toString('base64');
  private readonly files = new LRUCache<string, Buffer>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ length }) => Math.max(1, length),
  });
  private readonly signed = selfSigned();
  private readonly plain: Server;
  private readonly secure: Server;

  private constructor(
    private readonly host: string,
    private readonly onChange: () => void,
  ) {
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.answer(request, response);
    this.plain = createHttp(onRequest);
    this.secure = createHttps(this.signed, onRequest);
  }

  static async start(host: string, onChange: () => void): Promise<MediaHost> {
    const media = new MediaHost(host, onChange);
    for (const server of [media.plain, media.secure])
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, host, resolve);
      });
    return media;
  }

  /** `127.0.0.1:PORT`, of `https`. */
  get name(): string {
    return `${this.host}:${portOf(this.secure)}`;
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return `http://${this.host}:${portOf(this.plain)}`;
  }

  /** PEM, made for this host when it started. */
  get certificate(): string {
    return this.signed.cert;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET') {
      this.downloads++;
      const file = this.files.get(pathname);
      response.writeHead(file ? 200 : 404, { 'Content-Type': 'application/octet-stream' }).end(file);
      return this.onChange();
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_FILE) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const file = Buffer.concat(chunks);
      const path = pathname.slice(0, pathname.lastIndexOf('/'));
      const refusal = this.refusal(path, pathname.slice(path.length + 1), searchParams, file);
      const direct_path = refusal ? undefined : this.keep(file);
      response.writeHead(refusal ?? 200, { 'Content-Type': 'application/json' });
      response.end(
        JSON.stringify(direct_path ? { url: `https://${this.name}${direct_path}`, direct_path } : { status: refusal }),
      );
      if (!refusal) {
        this.uploads++;
        this.uploadsTo.set(path, (this.uploadsTo.get(path) ?? 0) + 1);
      }
      this.onChange();
    });
  }

  /**
   * A file is brought under its own hash (SHA-256, base64 for addresses, without padding), with the hash once more as
   * its token.
   */
  private refusal(path: string, name: string, query: URLSearchParams, file: Buffer): 400 | 401 | 404 | undefined {
    if (!UPLOAD_PATHS.has(path)) return 404;
    if (query.get('auth') !== this.auth) return 401;
    const hash = createHash('sha256').update(file).digest('base64url');
    return name === hash && query.get('token') === hash ? undefined : 400;
  }

  /** Returns the path. */
  private keep(file: Buffer): string {
    const directPath = `/v/${randomBytes(12).toString('hex')}`;
    this.files.set(directPath, file);
    return directPath;
  }

  /** Keeps a file, encrypted as WhatsApp's clients do: AES-256-CBC, and ten bytes of an HMAC over IV and ciphertext. */
  async store(plain: Buffer, type: MediaType): Promise<StoredMedia> {
    const mediaKey = randomBytes(32);
    const { cipherKey, iv, macKey } = await getMediaKeys(mediaKey, type);
    const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
    const mac = createHmac('sha256', macKey ?? Buffer.alloc(0))
      .update(iv)
      .update(ciphertext)
      .digest();
    const file = Buffer.concat([ciphertext, mac.subarray(0, 10)]);
    const directPath = this.keep(file);
    return {
      url: `${this.url}${directPath}`,
      directPath,
      mediaKey,
      fileSha256: createHash('sha256').update(plain).digest(),
      fileEncSha256: createHash('sha256').update(file).digest(),
      fileLength: plain.length,
    };
  }

  /** The same `fetch`, which finds WhatsApp's media host here. */
  toMediaHost(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return (input, init) => fetch(typeof input === 'string' ? input.replace(WHATSAPPS_HOST, this.url) : input, init);
  }

  stop(): void {
    for (const server of [this.plain, this.secure]) {
      server.closeAllConnections();
      server.close();
    }
    this.files.clear();
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

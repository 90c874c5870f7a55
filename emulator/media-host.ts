/**
 * The host that keeps encrypted media and histories, over plain HTTP on 127.0.0.1. It counts what it is asked for.
 *
 * Baileys fetches media that has a `directPath` from `https://mmg.whatsapp.net` (or another host, always `https`), and media that has only a
 * `url` from there (lib/Utils/messages-media.js). A history has a path only; `toMediaHost` leads a client's `fetch` here.
 */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getMediaKeys, type MediaType } from '@whiskeysockets/baileys';

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
const LARGEST_FILE = 100 * 1024 * 1024;
/** WhatsApp's own name for this host. */
const WHATSAPPS_HOST = /^https:\/\/(?:mmg|media[\w.-]*)\.whatsapp\.net(?=\/)/;

export class MediaHost {
  /** How often something was asked for, or brought here. */
  downloads = 0;
  uploads = 0;
  private readonly files = new Map<string, Buffer>();
  private readonly server: Server;

  private constructor(
    private readonly host: string,
    onChange: () => void,
  ) {
    this.server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      if (request.method === 'GET') {
        this.downloads++;
        const file = this.files.get(pathname);
        response.writeHead(file ? 200 : 404, { 'Content-Type': 'application/octet-stream' }).end(file);
        return onChange();
      }
      const chunks: Buffer[] = [];
      let size = 0;
      request.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_FILE) request.destroy();
        else chunks.push(chunk);
      });
      request.on('end', () => {
        this.uploads++;
        this.files.set(pathname, Buffer.concat(chunks));
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ url: `${this.url}${pathname}`, direct_path: pathname }));
        onChange();
      });
    });
  }

  static async start(host: string, onChange: () => void): Promise<MediaHost> {
    const media = new MediaHost(host, onChange);
    await new Promise<void>((resolve, reject) => {
      media.server.once('error', reject);
      media.server.listen(0, host, resolve);
    });
    return media;
  }

  /** `127.0.0.1:PORT` */
  get name(): string {
    return `${this.host}:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.name}`;
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
    const directPath = `/v/${randomBytes(12).toString('hex')}`;
    this.files.set(directPath, file);
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
    this.server.closeAllConnections();
    this.server.close();
    this.files.clear();
  }
}

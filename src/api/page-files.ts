import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ServiceError } from '../errors.js';
import type { Call } from './operation.js';

/** Where `npm run build` puts the operator's page: the same place seen from `src/api` and from `dist/api`. */
export const PAGE_DIRECTORY = path.resolve(import.meta.dirname, '../../dist/operator-page');

/** What the pages are made of; anything else in the folder (source maps, say) is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};
/** Bytes of all files; the page is a tenth of it. More is not the page, and would be held in memory. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** The same, smaller; null when it is not. */
  readonly gzip: Buffer | null;
}

export interface PageFiles {
  readonly index: PageFile;
  readonly shop: PageFile;
  /** By name: `page-2C7HPX5G.js`. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/**
 * The built page, all of it, read once: what was not there at the start is never served, so no request reaches the
 * disk. Null when the page was not built, or not wholly; the service runs without it.
 */
export function readPageFiles(directory: string): PageFiles | null {
  try {
    const index = readPageFile(path.join(directory, 'index.html'));
    const shop = readPageFile(path.join(directory, 'shop.html'));
    const assets = new Map<string, PageFile>();
    let size = 0;
    for (const entry of readdirSync(path.join(directory, 'assets'), { withFileTypes: true })) {
      const file = entry.isFile() ? readPageFile(path.join(directory, 'assets', entry.name)) : null;
      if (file) assets.set(entry.name, file);
      size += file?.bytes.length ?? 0;
      if (size > MOST_BYTES) return null;
    }
    return index && shop && { index, shop, assets };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

function readPageFile(file: string): PageFile | null {
  const type = TYPES[path.extname(file)];
  if (type === undefined) return null;
  const bytes = readFileSync(file);
  const gzip = gzipSync(bytes, { level: 9 });
  return { type, bytes, gzip: gzip.length < bytes.length ? gzip : null };
}

/** Only what this service itself serves; nothing inline, nobody's frame, no request to anywhere else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Errors: 503 `page_not_built`. */
export function builtPages(files: PageFiles | null): PageFiles {
  if (!files) throw new ServiceError('page_not_built');
  return files;
}

/** The answer that a file is, packed when the browser takes it so. */
export function pageFileReply({ request, response }: Call, { type, bytes, gzip }: PageFile) {
  const packed = gzip !== null && request.acceptsEncodings('gzip') === 'gzip';
  response.vary('Accept-Encoding');
  if (packed) response.set('Content-Encoding', 'gzip');
  response.set({ 'Content-Security-Policy': POLICY, 'Cross-Origin-Opener-Policy': 'same-origin' });
  return { status: 200, type, body: packed ? gzip : bytes } as const;
}

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UNFINISHED_FILE } from './auth-database.js';
import { AuthFolderCorruptError } from '../../ports/auth-folder-error.js';
import type { Pairing } from '../../ports/keys.js';
import { withAuthFolderErrors } from './storage-errors.js';
import { decodeJson, isRecord } from './buffer-json.js';
import { DATABASE_FILE, peekCreds } from './database-check.js';
import { LEGACY_CREDS_FILE, parseLegacyName } from './legacy-import.js';

/** What a backup says about itself (see backups.ts). Worth nothing by itself. */
export const LABEL_FILE = 'backup.json';

/**
 * Files that say nothing about an organization: traces of a crash before anything was used, and of desktop programs.
 */
const MEANINGLESS = new Set([
  UNFINISHED_FILE,
  `${UNFINISHED_FILE}-journal`,
  `${LABEL_FILE}.tmp`,
  '.gitkeep',
  '.DS_Store',
]);

/** `missing` and `empty` are the only two in which a new identity may be made. */
export type FolderContent =
  | { kind: 'missing' }
  | { kind: 'empty' }
  | { kind: 'database' }
  /** Written by Baileys' useMultiFileAuthState; `files` are its names, a stale label left out. */
  | { kind: 'legacy'; files: string[] }
  /** Something was here, and its heart is missing. */
  | { kind: 'damaged'; code: 'DATABASE_MISSING' | 'CREDS_MISSING' | 'UNEXPECTED_FILES' };

/**
 * Tells by names alone what a folder holds. Errors of the file system (not readable, not a folder) are thrown as they
 * come.
 */
export function lookInto(folder: string): FolderContent {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' };
    throw error;
  }
  files = files.filter((name) => !MEANINGLESS.has(name));
  if (files.length === 0) return { kind: 'empty' };
  if (files.includes(DATABASE_FILE)) return { kind: 'database' };
  if (files.some((name) => name.startsWith(`${DATABASE_FILE}-`))) return { kind: 'damaged', code: 'DATABASE_MISSING' };
  if (files.includes(LEGACY_CREDS_FILE)) {
    return { kind: 'legacy', files: files.filter((name) => name !== LABEL_FILE) };
  }
  const hasKeys = files.some((name) => parseLegacyName(name) !== null);
  return { kind: 'damaged', code: hasKeys ? 'CREDS_MISSING' : 'UNEXPECTED_FILES' };
}

/** Beside the database; `-journal` is of one that is being built. */
const DATABASE_FILES = new Set(['', '-wal', '-shm', '-journal'].map((suffix) => `${DATABASE_FILE}${suffix}`));

/**
 * The names in a folder, parted into the files that this service, or the predecessor whose folder it still is, puts
 * there, and all else: a folder, a link, a file of somebody else. Credentials of the predecessor beside a database are
 * somebody else's: an import leaves none.
 */
export function partFiles(folder: string): { ours: string[]; foreign: string[] } {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = new Set(entries.map(({ name }) => name));
  const isLegacy = names.has(LEGACY_CREDS_FILE) && !names.has(DATABASE_FILE);
  const parted: { ours: string[]; foreign: string[] } = { ours: [], foreign: [] };
  for (const entry of entries) {
    const { name } = entry;
    const isKnown = MEANINGLESS.has(name) || name === LABEL_FILE || DATABASE_FILES.has(name);
    const isLegacyFile = isLegacy && (name === LEGACY_CREDS_FILE || parseLegacyName(name) !== null);
    parted[entry.isFile() && (isKnown || isLegacyFile) ? 'ours' : 'foreign'].push(name);
  }
  return parted;
}

export const NEVER_PAIRED: Pairing = { paired: false, phoneNumber: null };

/** @param creds as Baileys shapes them; `me.id` is like `573001112233:12@s.whatsapp.net` */
export function pairingOf(creds: Record<string, unknown>): Pairing {
  const id = isRecord(creds.me) ? creds.me.id : undefined;
  if (!isRecord(creds.account) || typeof id !== 'string' || id === '') return NEVER_PAIRED;
  return { paired: true, phoneNumber: /^\d+(?=[:@])/.exec(id)?.[0] ?? null };
}

/**
 * Reads the pairing of a folder of either kind and changes nothing in it. @throws AuthFolderUnreadableError,
 * AuthFolderCorruptError
 */
export function peekInto(folder: string): Pairing {
  return withAuthFolderErrors(() => {
    const content = lookInto(folder);
    switch (content.kind) {
      case 'missing':
      case 'empty':
        return NEVER_PAIRED;
      case 'damaged':
        throw new AuthFolderCorruptError(content.code);
      case 'database':
        return pairingOf(peekCreds(folder));
      case 'legacy': {
        const creds = decodeJson(readFileSync(join(folder, LEGACY_CREDS_FILE), 'utf8'), 'UNPARSABLE_CREDS');
        if (!isRecord(creds)) throw new AuthFolderCorruptError('UNPARSABLE_CREDS');
        return pairingOf(creds);
      }
    }
  });
}

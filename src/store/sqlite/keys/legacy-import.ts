import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuthFolderCorruptError } from '../../ports/auth-folder-error.js';
import { decodeJson, isRecord } from './buffer-json.js';

/*
 * Reads what Baileys' `useMultiFileAuthState` wrote (lib/Utils/use-multi-file-auth-state.js, 7.0.0-rc14): `creds.json`,
 * and one file `<type>-<id>.json` per key, in whose name every `/` became `__` and every `:` became `-`.
 */

export const LEGACY_CREDS_FILE = 'creds.json';

/** A type that begins like another one stands before it: `sender-key-memory-x` is no `sender-key`. */
const TYPES = [
  'app-state-sync-version',
  'app-state-sync-key',
  'sender-key-memory',
  'identity-key',
  'sender-key',
  'lid-mapping',
  'device-list',
  'pre-key',
  'session',
  'tctoken',
] as const;

export interface LegacyFolder {
  creds: Record<string, unknown>;
  keys: Record<string, Record<string, unknown>>;
  /** Files taken over, `creds.json` included. */
  files: number;
  /** Files left out: not JSON (a write that a crash cut short) or no name of a key. They stay in the backup. */
  skipped: number;
}

/** Type and id that a file name stands for, or null when it is no key's. */
export function parseLegacyName(name: string): { type: string; id: string } | null {
  if (!name.endsWith('.json')) return null;
  const stem = name.slice(0, -'.json'.length);
  const type = TYPES.find((known) => stem.startsWith(`${known}-`) && stem.length > known.length + 1);
  return type ? { type, id: restoreId(type, stem.slice(type.length + 1)) } : null;
}

/**
 * Undoes the change of `/` and `:`, which loses information; what each type's ids look like brings it back:
 * - app-state-sync-key: base64, which has no `_` of its own, so `__` is always `/`
 * - sender-key: `group::user::device` (lib/Signal/Group/sender-key-name.js); a group of the old kind has a `-` of its
 *   own
 * - chat ids with a device: `user:device@server`, whereas `573…-1600…@g.us` is an old group and stays
 * - all others (`573….0`, `…_1.0`, `__index`, `…_reverse`, numbers) never held either character
 */
function restoreId(type: string, mangled: string): string {
  if (type === 'app-state-sync-key') return mangled.replaceAll('__', '/');
  if (type === 'sender-key') return mangled.replace(/^(.+)--(.+)--(\d+)$/, '$1::$2::$3');
  return mangled.replace(/^(\d+(?:_\d+)?)-(\d+@(?!g\.us$))/, '$1:$2');
}

/**
 * Reads every file before anything is decided; changes nothing.
 * @param files the names in the folder
 * @throws the file system's errors as they come, and AuthFolderCorruptError when `creds.json` is no JSON object.
 * Another unparsable file is skipped: a lost session or pre-key heals by WhatsApp's own means (the sender encrypts
 * afresh).
 */
export function readLegacyFolder(folder: string, files: string[]): LegacyFolder {
  const creds = decodeJson(readFileSync(join(folder, LEGACY_CREDS_FILE), 'utf8'), 'UNPARSABLE_CREDS');
  if (!isRecord(creds)) throw new AuthFolderCorruptError('UNPARSABLE_CREDS');
  const legacy: LegacyFolder = { creds, keys: {}, files: 1, skipped: 0 };
  for (const name of files) {
    if (name === LEGACY_CREDS_FILE) continue;
    const key = parseLegacyName(name);
    const value = key && readValue(join(folder, name));
    if (!key || value === null) {
      legacy.skipped++;
      continue;
    }
    (legacy.keys[key.type] ??= {})[key.id] = value;
    legacy.files++;
  }
  return legacy;
}

function readValue(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return decodeJson(text);
  } catch (error) {
    if (error instanceof AuthFolderCorruptError) return null;
    throw error;
  }
}

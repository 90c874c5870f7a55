import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BACKUP_MARK, type OrganizationId } from '../../../organization-id.js';
import type { Backup } from '../../ports/keys.js';
import { isRecord } from './buffer-json.js';
import { kindOf, writePrivateFile } from './durable-files.js';
import { LABEL_FILE, partFiles, peekInto } from './folder-content.js';

/** What `backup.json` in a backup holds. */
export type BackupLabel = Pick<Backup, 'reason' | 'set_aside_at' | 'phone_number'>;

/** Beyond this, milliseconds are no date any more (ECMA-262: 8.64e15), and such a name is not one of ours. */
const LATEST_MS = 8e15;

/**
 * The milliseconds in the name of a backup of exactly this organization, or null. No id contains the mark, so
 * `2_corrupted_5` is `2`'s, `22_corrupted_5` is `22`'s, and `2_corrupted_corrupted_5` belongs to `2_corrupted`.
 */
export function backupTime(id: OrganizationId, name: string): number | null {
  const prefix = `${id}${BACKUP_MARK}`;
  if (!name.startsWith(prefix)) return null;
  const digits = name.slice(prefix.length);
  return /^(0|[1-9]\d{0,15})$/.test(digits) && Number(digits) <= LATEST_MS ? Number(digits) : null;
}

/** Names of the backups of one organization, newest first. */
export function backupNames(directory: string, id: OrganizationId): string[] {
  return readdirSync(directory)
    .map((name) => ({ name, time: backupTime(id, name) }))
    .filter((entry) => entry.time !== null && kindOf(join(directory, entry.name)) === 'folder')
    .sort((a, b) => Number(b.time) - Number(a.time))
    .map((entry) => entry.name);
}

/**
 * A free name that is newer than every backup there is, also when the clock was set back: otherwise the keys set aside
 * just now would be the oldest, and the first to be pruned.
 */
export function nextBackupName(directory: string, id: OrganizationId, now: number): string {
  const newest = backupNames(directory, id)[0];
  const after = newest === undefined ? 0 : Number(backupTime(id, newest)) + 1;
  let time = Math.max(Math.floor(now), after);
  while (existsSync(join(directory, `${id}${BACKUP_MARK}${time}`))) time++;
  return `${id}${BACKUP_MARK}${time}`;
}

export function writeLabel(folder: string, label: BackupLabel): void {
  writePrivateFile(join(folder, LABEL_FILE), `${JSON.stringify(label, null, 2)}\n`);
}

/** Everything about one backup. What cannot be read is `unknown` or null: a list must not fail for one bad entry. */
export function describeBackup(directory: string, id: OrganizationId, name: string): Backup {
  const path = join(directory, name);
  const label = readLabel(path);
  return {
    name,
    path,
    set_aside_at: label?.set_aside_at ?? new Date(backupTime(id, name) ?? 0).toISOString(),
    phone_number: label ? label.phone_number : (pairingOrNull(path)?.phoneNumber ?? null),
    reason: label?.reason ?? 'unknown',
    size: sizeOf(path),
  };
}

/**
 * Which backups must go so that `keep` remain: the oldest. Those of the predecessor that were never paired (it made one
 * at every cleaning) go before any other, so that worthless ones push no keys out.
 */
export function backupsToPrune(directory: string, id: OrganizationId, keep: number): string[] {
  const names = backupNames(directory, id);
  if (names.length <= keep) return [];
  const worthless = names.filter((name) => {
    const path = join(directory, name);
    if (readLabel(path) !== null || pairingOrNull(path)?.paired !== false) return false;
    return partFiles(path).foreign.length === 0;
  });
  const byWorth = [...names.filter((name) => !worthless.includes(name)), ...worthless];
  return byWorth.slice(keep);
}

function pairingOrNull(path: string): ReturnType<typeof peekInto> | null {
  try {
    return peekInto(path);
  } catch {
    // Damaged or unreadable: not known, which counts as paired wherever it matters.
    return null;
  }
}

function readLabel(path: string): BackupLabel | null {
  try {
    const label: unknown = JSON.parse(readFileSync(join(path, LABEL_FILE), 'utf8'));
    if (!isRecord(label) || typeof label.reason !== 'string' || typeof label.set_aside_at !== 'string') return null;
    if (Number.isNaN(Date.parse(label.set_aside_at))) return null;
    const phone = typeof label.phone_number === 'string' ? label.phone_number : null;
    return { reason: label.reason, set_aside_at: label.set_aside_at, phone_number: phone };
  } catch {
    return null;
  }
}

function sizeOf(path: string): number {
  try {
    return readdirSync(path).reduce((sum, name) => {
      const entry = statSync(join(path, name), { throwIfNoEntry: false });
      return sum + (entry?.isFile() ? entry.size : 0);
    }, 0);
  } catch {
    return 0;
  }
}

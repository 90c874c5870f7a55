import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../logger.js';
import { organizationLabel, type OrganizationId } from '../../../organization-id.js';
import { AuthDatabase } from './auth-database.js';
import { AuthFolderCorruptError } from '../../ports/auth-folder-error.js';
import type { Pairing } from '../../ports/keys.js';
import { toAuthFolderError } from './storage-errors.js';
import { backupTime, backupsToPrune, nextBackupName, writeLabel } from './backups.js';
import { DATABASE_FILE } from './database-check.js';
import { kindOf, moveDurably, syncFolder, writePrivateFile } from './durable-files.js';
import { LABEL_FILE, lookInto, pairingOf, partFiles, peekInto } from './folder-content.js';
import { readLegacyFolder } from './legacy-import.js';

/** Points at which a test may stop the process to show that nothing is lost there. */
export const AUTH_FOLDER_STEPS = [
  'import:built',
  'import:old_set_aside',
  'import:done',
  'set_aside:labelled',
  'set_aside:moved',
  'discard:moved',
  'discard:done',
  'restore:intended',
  'restore:cleared',
  'restore:moved',
  'restore:unlabelled',
  'restore:done',
] as const;
export type AuthFolderStep = (typeof AUTH_FOLDER_STEPS)[number];

export interface AuthFoldersOptions {
  /** The directory of all auth folders, `./auth_sessions`. */
  directory: string;
  /** Backups kept per organization; less than 1 counts as 1, since a backup that is deleted at once is none. */
  backupsToKeep: number;
  logger: Logger;
  /** For tests: called when a step is complete on disk. */
  onStep?: (step: AuthFolderStep) => void;
}

/*
 * Names with a dot are work in progress; a dot cannot stand in an organization's id:
 *   <id>.importing    a database built from legacy files; complete as soon as auth.sqlite is in it
 *   <id>.restore      a file that names the backup on its way back
 *   <id>.removed.<n>  being deleted
 */
const IMPORTING = '.importing';
const RESTORE = '.restore';
const REMOVED = '.removed.';

/**
 * The moves of auth-folders.ts, each safe against a crash by itself or finished by `recover`. File errors come as they
 * are.
 */
export class FolderMoves {
  private readonly directory: string;
  private readonly backupsToKeep: number;
  private readonly logger: Logger;
  private readonly step: (step: AuthFolderStep) => void;

  constructor(options: AuthFoldersOptions) {
    this.directory = options.directory;
    this.backupsToKeep = Math.max(1, Math.floor(options.backupsToKeep));
    this.logger = options.logger;
    this.step = options.onStep ?? (() => undefined);
  }

  path(id: OrganizationId, suffix = ''): string {
    return join(this.directory, `${id}${suffix}`);
  }

  /**
   * Deals with one name `<id><suffix>` found at start. Never throws: the next call for that organization tries again.
   */
  clearUp(id: OrganizationId, suffix: string): void {
    try {
      if (suffix === IMPORTING || suffix === RESTORE) this.recover(id);
      else if (suffix.startsWith(REMOVED) || suffix === `${RESTORE}.tmp`) {
        rmSync(this.path(id, suffix), { recursive: true, force: true });
      }
    } catch (error) {
      this.logger.error(
        { event: 'auth_folder_recovery_failed', org: organizationLabel(id), error: toAuthFolderError(error).code },
        'What a crash left of this auth folder could not be cleared up; the next start of the session tries again',
      );
    }
  }

  /** Finishes or undoes what was interrupted for one organization. */
  recover(id: OrganizationId): void {
    const building = this.path(id, IMPORTING);
    if (kindOf(building) !== null) {
      const content = lookInto(this.path(id)).kind;
      if ((content === 'missing' || content === 'empty') && kindOf(join(building, DATABASE_FILE)) === 'file') {
        // The old files lie in their backup already; only the last rename is missing.
        rmSync(this.path(id), { recursive: true, force: true });
        moveDurably(building, this.path(id));
        this.prune(id);
      } else {
        // The old files are still in place (and may have changed since): open imports them afresh.
        rmSync(building, { recursive: true, force: true });
      }
    }
    if (kindOf(this.path(id, RESTORE)) === null) return;
    const intent = readIntent(id, readFileSync(this.path(id, RESTORE), 'utf8'));
    if (intent) {
      this.finishRestore(id, intent.backup, intent.now);
      this.prune(id);
    } else {
      // Not written by this room, which writes it whole or not at all. It tells nothing, and no folder depends on it.
      rmSync(this.path(id, RESTORE), { force: true });
    }
  }

  /** Puts the backup `name`, which must exist, in the organization's place. */
  restore(id: OrganizationId, name: string, now: number): void {
    const before = kindOf(this.path(id));
    writePrivateFile(this.path(id, RESTORE), JSON.stringify({ backup: name, now }));
    try {
      this.step('restore:intended');
      this.finishRestore(id, name, now);
    } catch (error) {
      // Nothing moved: forget it, or the next open would restore unasked. Otherwise the intent stays, and the next call
      // goes on.
      const untouched = kindOf(join(this.directory, name)) !== null && kindOf(this.path(id)) === before;
      if (untouched) rmSync(this.path(id, RESTORE), { force: true });
      throw error;
    }
  }

  /**
   * Every step may be found done already. While the backup still has its own name, the folder in its place is the old
   * one.
   */
  private finishRestore(id: OrganizationId, name: string, now: number): void {
    const source = join(this.directory, name);
    if (kindOf(source) !== null) {
      this.takeAway(id, 'replaced_by_restore', now, true);
      this.step('restore:cleared');
      moveDurably(source, this.path(id));
      this.step('restore:moved');
    }
    rmSync(join(this.path(id), LABEL_FILE), { force: true });
    this.step('restore:unlabelled');
    rmSync(this.path(id, RESTORE), { force: true });
    syncFolder(this.directory);
    this.step('restore:done');
  }

  /**
   * Frees the organization's name. @returns the name of the backup that the folder became, null when it was not worth
   * one
   */
  takeAway(id: OrganizationId, reason: string, now: number, evenUnreadable: boolean): string | null {
    if (kindOf(this.path(id)) === null) return null;
    const pairing = this.pairingToKeep(id, evenUnreadable);
    if (pairing.paired) return this.moveToBackup(id, { reason, now, phoneNumber: pairing.phoneNumber });
    return this.removeUnlessForeign(id, reason, now);
  }

  /**
   * Removes the folder, which holds no keys of a phone. With anything in it that is not ours it becomes a backup
   * instead: that may well be good keys, put back into a folder that had been made meanwhile.
   * @returns the name of the backup, or null when it was removed
   */
  private removeUnlessForeign(id: OrganizationId, reason: string, now: number): string | null {
    if (kindOf(this.path(id)) === 'folder' && partFiles(this.path(id)).foreign.length === 0) {
      this.discard(id, this.path(id));
      return null;
    }
    const backup = this.moveToBackup(id, { reason, now, phoneNumber: null });
    this.logger.warn(
      { event: 'foreign_files_set_aside', org: organizationLabel(id), backup },
      'The auth folder held files or folders that this service did not put there: they were set aside, not removed',
    );
    return backup;
  }

  /**
   * Removes dead keys, and sets aside what else is in their folder. @returns the name of the backup, or null when there
   * is none
   */
  removeDead(id: OrganizationId, now: number): string | null {
    if (kindOf(this.path(id)) === null) return null;
    const backup = this.removeUnlessForeign(id, 'foreign_files', now);
    const path = backup === null ? null : join(this.directory, backup);
    if (path === null || kindOf(path) !== 'folder') return backup;
    for (const name of partFiles(path).ours) if (name !== LABEL_FILE) rmSync(join(path, name), { force: true });
    syncFolder(path);
    return backup;
  }

  /** Not paired only when that is certain: the whole database is sound and says so. */
  private pairingToKeep(id: OrganizationId, evenUnreadable: boolean): Pairing {
    try {
      const pairing = peekInto(this.path(id));
      const isDatabase = lookInto(this.path(id)).kind === 'database';
      if (!pairing.paired && isDatabase) AuthDatabase.open(this.path(id)).close();
      return pairing;
    } catch (error) {
      const known = toAuthFolderError(error);
      if (!(known instanceof AuthFolderCorruptError) && !evenUnreadable) throw known;
      return { paired: true, phoneNumber: null };
    }
  }

  private moveToBackup(id: OrganizationId, why: { reason: string; now: number; phoneNumber: string | null }): string {
    const name = nextBackupName(this.directory, id, why.now);
    const setAsideAt = new Date(why.now).toISOString();
    try {
      writeLabel(this.path(id), { reason: why.reason, set_aside_at: setAsideAt, phone_number: why.phoneNumber });
    } catch (error) {
      // A full disk must not keep damaged keys in use: the label is for people, and the name tells the time.
      this.logger.warn(
        { event: 'backup_label_not_written', org: organizationLabel(id), error: toAuthFolderError(error).code },
        'The backup gets no label: its reason will show as unknown',
      );
    }
    this.step('set_aside:labelled');
    moveDurably(this.path(id), join(this.directory, name));
    this.step('set_aside:moved');
    return name;
  }

  /**
   * Turns a legacy folder into a database, all or nothing; the old files become a backup (`imported`).
   * @returns false when the folder was never paired: nothing is there any more
   */
  importLegacy(id: OrganizationId, files: string[], now: number): boolean {
    const { creds, keys, ...counts } = readLegacyFolder(this.path(id), files);
    const pairing = pairingOf(creds);
    if (!pairing.paired) {
      if (this.removeUnlessForeign(id, 'foreign_files', now) !== null) this.prune(id);
      return false;
    }
    const building = this.path(id, IMPORTING);
    try {
      AuthDatabase.create(building, creds, keys).close();
      syncFolder(this.directory);
    } catch (error) {
      rmSync(building, { recursive: true, force: true });
      throw error;
    }
    this.step('import:built');
    const backup = this.moveToBackup(id, { reason: 'imported', now, phoneNumber: pairing.phoneNumber });
    this.step('import:old_set_aside');
    moveDurably(building, this.path(id));
    this.step('import:done');
    this.prune(id);
    this.logger.info(
      { event: 'auth_folder_imported', org: organizationLabel(id), ...counts, backup },
      'The auth folder of the predecessor was imported; its files are kept as a backup',
    );
    return true;
  }

  /**
   * Deletes the oldest backups beyond the limit. Failing to is no reason to fail what has succeeded; the next time
   * tries again.
   */
  prune(id: OrganizationId): void {
    try {
      for (const name of backupsToPrune(this.directory, id, this.backupsToKeep)) {
        this.discard(id, join(this.directory, name));
        this.logger.info(
          { event: 'backup_pruned', org: organizationLabel(id), backup: name },
          'An old backup was deleted: only the newest ones are kept',
        );
      }
    } catch (error) {
      this.logger.warn(
        { event: 'backup_not_pruned', org: organizationLabel(id), error: toAuthFolderError(error).code },
        'An old backup could not be deleted; it stays until the next time',
      );
    }
  }

  /** Deletes a folder so that no half of it is ever seen under its own name: first another name, then the files. */
  discard(id: OrganizationId, path: string): void {
    let number = 0;
    while (kindOf(this.path(id, `${REMOVED}${number}`)) !== null) number++;
    const removed = this.path(id, `${REMOVED}${number}`);
    moveDurably(path, removed);
    this.step('discard:moved');
    rmSync(removed, { recursive: true, force: true });
    this.step('discard:done');
  }
}

/** The name becomes a path, so it is checked although this room wrote it. */
function readIntent(id: OrganizationId, text: string): { backup: string; now: number } | null {
  try {
    const intent = JSON.parse(text) as { backup: string; now: number };
    return backupTime(id, intent.backup) !== null && Number.isFinite(intent.now) ? intent : null;
  } catch {
    return null;
  }
}

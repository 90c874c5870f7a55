import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../../errors.js';
import { parseOrganizationId, type OrganizationId } from '../../../organization-id.js';
import type { Backup, Creds, Pairing } from '../../ports/keys.js';
import { AuthDatabase, removeUnfinished } from './auth-database.js';
import { AuthFolderCorruptError } from '../../ports/auth-folder-error.js';
import { toAuthFolderError, withAuthFolderErrors } from './storage-errors.js';
import { backupNames, describeBackup } from './backups.js';
import { PRIVATE_FOLDER, kindOf, makePrivateFolder } from './durable-files.js';
import { LABEL_FILE, lookInto, peekInto } from './folder-content.js';
import { FolderMoves, type AuthFoldersOptions } from './folder-moves.js';

export type { AuthFolderStep, AuthFoldersOptions } from './folder-moves.js';

export interface OpenedAuthFolder {
  /** The caller closes it, and before setAside, restore and remove. */
  database: AuthDatabase;
  /** True when there was nothing and a new identity was made. */
  wasNew: boolean;
}

/**
 * The auth folders of all organizations, and their backups. Moves files when told; judges nothing.
 *
 * All calls are synchronous and crash-safe: at every instant the keys lie complete under one name, and `prepare` (or
 * the next call for that organization) finishes or undoes what was interrupted. One process per directory. Storage
 * errors come out as AuthFolderUnreadableError or AuthFolderCorruptError.
 */
export class AuthFolders {
  private readonly moves: FolderMoves;

  constructor(private readonly options: AuthFoldersOptions) {
    this.moves = new FolderMoves(options);
  }

  /**
   * Makes the directory and clears up after a crash; once at start, before anything else. One bad folder does not stop
   * the others.
   */
  prepare(): void {
    withAuthFolderErrors(() => {
      makePrivateFolder(this.options.directory);
      try {
        chmodSync(this.options.directory, PRIVATE_FOLDER);
      } catch (error) {
        this.options.logger.warn(
          { event: 'auth_directory_not_private', error: toAuthFolderError(error).code },
          'The directory of the auth folders could not be made private',
        );
      }
      for (const name of readdirSync(this.options.directory)) {
        const dot = name.indexOf('.');
        const id = dot > 0 ? parseOrganizationId(name.slice(0, dot)) : null;
        if (id) this.moves.clearUp(id, name.slice(dot));
      }
    });
  }

  /** Every organization that has an auth folder, by name; what is in it has not been looked at. */
  list(): OrganizationId[] {
    return withAuthFolderErrors(() =>
      readdirSync(this.options.directory)
        .map((name) => parseOrganizationId(name))
        .filter((id) => id !== null)
        .filter((id) => kindOf(this.moves.path(id)) === 'folder')
        .sort(),
    );
  }

  /** Is there anything under the organization's name (backups aside)? */
  exists(id: OrganizationId): boolean {
    return withAuthFolderErrors(() => kindOf(this.moves.path(id)) !== null);
  }

  /** Is there no folder, or nothing in it? `open` would make a new identity. What was interrupted is finished first. */
  isMissing(id: OrganizationId): boolean {
    return withAuthFolderErrors(() => {
      this.moves.recover(id);
      return ['missing', 'empty'].includes(lookInto(this.moves.path(id)).kind);
    });
  }

  /** Whether the folder is paired, and with whom; creates nothing. A missing or empty folder is not paired. */
  peek(id: OrganizationId): Pairing {
    return peekInto(this.moves.path(id));
  }

  /**
   * Opens the keys of an organization; imports a legacy folder; makes a new identity only when nothing is there.
   * @param makeCreds called for a new identity only
   * @param now milliseconds; names the backup of an import
   * @throws AuthFolderUnreadableError nothing was touched; AuthFolderCorruptError the caller decides to set aside
   */
  open(id: OrganizationId, makeCreds: () => Creds, now: number): OpenedAuthFolder {
    return withAuthFolderErrors(() => {
      this.moves.recover(id);
      const folder = this.moves.path(id);
      const content = lookInto(folder);
      if (content.kind === 'damaged') throw new AuthFolderCorruptError(content.code);
      if (content.kind === 'database') {
        const database = AuthDatabase.open(folder);
        removeUnfinished(folder);
        // The trace of a cleaning that a crash stopped before its rename.
        rmSync(join(folder, LABEL_FILE), { force: true });
        return { database, wasNew: false };
      }
      if (content.kind === 'legacy') {
        const isImported = this.moves.importLegacy(id, content.files, now);
        if (isImported) return { database: AuthDatabase.open(folder), wasNew: false };
      }
      return { database: AuthDatabase.create(folder, makeCreds()), wasNew: true };
    });
  }

  /**
   * Takes the folder out of use: it becomes a backup, and the oldest backups beyond the limit go. A folder that was
   * never paired is not worth one and is removed, unless something is in it that is not of this service; one whose
   * pairing cannot be told because it is damaged counts as paired.
   * @param options.reason a code that the backup keeps, e.g. `bad_mac`
   * @param options.now milliseconds; the backup's name, unless a newer backup exists (then one more than that)
   * @param options.force also when the folder cannot be read (otherwise AuthFolderUnreadableError): it is moved as it
   * is
   * @returns the backup, or null when there was nothing worth keeping
   */
  setAside(id: OrganizationId, options: { reason: string; now: number; force?: boolean }): Backup | null {
    return withAuthFolderErrors(() => {
      this.moves.recover(id);
      const name = this.moves.takeAway(id, options.reason, options.now, options.force ?? false);
      if (name === null) return null;
      this.moves.prune(id);
      return describeBackup(this.options.directory, id, name);
    });
  }

  /**
   * Removes the keys for good, e.g. after a logout: WhatsApp has forgotten them. What else lies in the folder is set
   * aside (`foreign_files`). Backups stay, up to the limit. Nothing there: nothing done.
   * @param now milliseconds, for the name of that backup
   * @returns the backup, or null when nothing but keys was there
   */
  remove(id: OrganizationId, now: number): Backup | null {
    return withAuthFolderErrors(() => {
      this.moves.recover(id);
      const name = this.moves.removeDead(id, now);
      if (name === null) return null;
      this.moves.prune(id);
      return describeBackup(this.options.directory, id, name);
    });
  }

  /** Backups of exactly this organization, newest first. */
  listBackups(id: OrganizationId): Backup[] {
    return withAuthFolderErrors(() =>
      backupNames(this.options.directory, id).map((name) => describeBackup(this.options.directory, id, name)),
    );
  }

  /**
   * The name of the backup that `restore` would put back; changes nothing.
   * @throws ServiceError no_backup, unknown_backup
   */
  requireBackup(id: OrganizationId, name: string | undefined): string {
    return withAuthFolderErrors(() => {
      const names = backupNames(this.options.directory, id);
      if (names[0] === undefined) throw new ServiceError('no_backup');
      const chosen = name ?? names[0];
      if (!names.includes(chosen)) throw new ServiceError('unknown_backup');
      return chosen;
    });
  }

  /**
   * Puts a backup back as the auth folder. A paired folder in its place is set aside first (`replaced_by_restore`), one
   * never paired is removed, unless something is in it that is not of this service.
   * @param name one of listBackups; the newest when absent
   * @param now milliseconds, for the backup of the folder that is replaced
   * @returns the backup as it was before; it is no longer listed
   * @throws ServiceError no_backup, unknown_backup
   */
  restore(id: OrganizationId, name: string | undefined, now: number): Backup {
    return withAuthFolderErrors(() => {
      this.moves.recover(id);
      const chosen = this.requireBackup(id, name);
      const backup = describeBackup(this.options.directory, id, chosen);
      this.moves.restore(id, chosen, now);
      this.moves.prune(id);
      return backup;
    });
  }
}

import type { OrganizationId } from '../../../organization-id.js';
import type { Backup, Creds, KeyStore, KeyWrite, OpenedKeys, OrganizationKeys, Pairing } from '../../ports/keys.js';
import type { AuthDatabase } from './auth-database.js';
import { AuthFolders, type AuthFoldersOptions } from './auth-folders.js';
import { AuthDirectoryLock } from './directory-lock.js';
import { pairingOf } from './folder-content.js';

/**
 * The keys of all organizations as folders of one directory, each with one SQLite file. Setting aside and restoring are
 * renames. All work is done within the call, so that nothing of the process comes in between.
 */
export class SqliteKeyStore implements KeyStore {
  private readonly folders: AuthFolders;
  private lock: AuthDirectoryLock | null = null;

  constructor(private readonly options: AuthFoldersOptions) {
    this.folders = new AuthFolders(options);
  }

  async prepare(): Promise<void> {
    this.lock ??= AuthDirectoryLock.take(this.options.directory);
    this.folders.prepare();
  }

  async organizations(): Promise<OrganizationId[]> {
    return this.folders.list();
  }

  async exists(id: OrganizationId): Promise<boolean> {
    return this.folders.exists(id);
  }

  async isMissing(id: OrganizationId): Promise<boolean> {
    return this.folders.isMissing(id);
  }

  async peek(id: OrganizationId): Promise<Pairing> {
    return this.folders.peek(id);
  }

  async open(id: OrganizationId, makeCreds: () => Creds, now: number): Promise<OpenedKeys> {
    const { database, wasNew } = this.folders.open(id, makeCreds, now);
    try {
      const creds = database.load();
      return { keys: new SqliteKeys(database), creds, wasNew, pairing: pairingOf(creds) };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async setAside(
    id: OrganizationId,
    options: { reason: string; now: number; force?: boolean },
  ): Promise<Backup | null> {
    return this.folders.setAside(id, options);
  }

  async remove(id: OrganizationId, now: number): Promise<Backup | null> {
    return this.folders.remove(id, now);
  }

  async backups(id: OrganizationId): Promise<Backup[]> {
    return this.folders.listBackups(id);
  }

  async requireBackup(id: OrganizationId, name: string | undefined): Promise<string> {
    return this.folders.requireBackup(id, name);
  }

  async restore(id: OrganizationId, name: string | undefined, now: number): Promise<Backup> {
    return this.folders.restore(id, name, now);
  }

  async close(): Promise<void> {
    this.lock?.release();
    this.lock = null;
  }
}

/** The file of one organization. A read is done when the call returns. */
class SqliteKeys implements OrganizationKeys {
  constructor(private readonly database: AuthDatabase) {}

  async load(): Promise<Creds> {
    return this.database.load();
  }

  async get(type: string, ids: readonly string[]): Promise<Record<string, unknown>> {
    return this.database.get(type, ids);
  }

  put(write: KeyWrite): Promise<void> {
    return this.database.put(write);
  }

  durable(): Promise<void> | null {
    return this.database.durable();
  }

  async isInPlace(): Promise<boolean> {
    return this.database.isInPlace();
  }

  async close(): Promise<void> {
    this.database.close();
  }
}

import type { OrganizationId } from '../../organization-id.js';

/** Credentials as Baileys shapes them. A storage looks at `account` and `me.id` only. */
export type Creds = Record<string, unknown>;

/** Signal keys as Baileys' `keys.set` takes them: type -> id -> value; null (or undefined) deletes. */
export type KeyData = Record<string, Record<string, unknown> | undefined>;

/** What one `put` stores: all of it, or nothing. */
export interface KeyWrite {
  readonly creds?: Creds;
  readonly keys?: KeyData;
}

/** Whether WhatsApp knows the keys of an organization, and whose they are. */
export interface Pairing {
  /** A phone scanned: the credentials hold WhatsApp's `account` signature and the own id. */
  readonly paired: boolean;
  /** Digits only, e.g. `573001112233`; null when not paired or not told. Never to be logged in full. */
  readonly phoneNumber: string | null;
}

/** Keys that were set aside, in the words of the HTTP API. */
export interface Backup {
  /** `<id>_corrupted_<ms>`, unique and the argument of a restore. */
  readonly name: string;
  /** Where it lies, for people. */
  readonly path: string;
  /** ISO 8601, UTC. */
  readonly set_aside_at: string;
  /** Digits only; null when nobody can tell any more. Never to be logged in full. */
  readonly phone_number: string | null;
  /** Why, e.g. `bad_mac`, `replaced_by_restore`, `imported`; `unknown` for the predecessor's. */
  readonly reason: string;
  /** Bytes. */
  readonly size: number;
}

export interface OpenedKeys {
  /** The caller closes them, and before setAside, restore and remove. */
  readonly keys: OrganizationKeys;
  /** True when there was nothing and a new identity was made. */
  readonly wasNew: boolean;
  /** As `keys.load()` gives them. */
  readonly creds: Creds;
  readonly pairing: Pairing;
}

/**
 * Credentials and Signal keys of one organization, open. There is one owner, and so one writer.
 *
 * - **Order:** writes take effect in the order in which `put` is called.
 * - **Read your writes:** `get` and `load` see every `put` that was called before, also one that is not durable yet.
 * - **Fresh copies:** whatever is read may be changed by the reader. What `put` is given is taken at the call.
 * - **Refused is nothing:** a `put` that rejects has changed nothing, and a later one may succeed. Only when the
 *   storage failed to make it durable it may be seen by `get`, and no later one succeeds until the keys are opened
 *   anew.
 *
 * Errors: AuthFolderUnreadableError when the storage refuses (`CLOSED` after close, `FOLDER_GONE` when somebody took
 * the keys away); AuthFolderCorruptError when the content is damaged. What cannot be stored is a TypeError.
 */
export interface OrganizationKeys {
  /**
   * The credentials. Whoever loads begins anew: what was refused before no longer counts for `durable`. Rejects when
   * the disk refused in such a way that nobody knows what is on it; then only opening anew tells.
   */
  load(): Promise<Creds>;
  /** The values that exist, by id; an absent id is absent in the answer. */
  get(type: string, ids: readonly string[]): Promise<Record<string, unknown>>;
  /**
   * All of it in one commit. Written when the call returns, and durable when the promise resolves; what is put at the
   * same moment may share the commit, and then its failure too.
   */
  put(write: KeyWrite): Promise<void>;
  /**
   * Resolves when every `put` that was called until now is durable; null when all are already. Rejects when one of
   * them is not, and from then on until `load`: what leaves for WhatsApp may depend on it.
   */
  durable(): Promise<void> | null;
  /** Whether the keys still are where they were opened. False is certain; what cannot be told now counts as true. */
  isInPlace(): Promise<boolean>;
  /** Makes durable what was put, and lets go. What is asked of the store afterwards comes after. Idempotent. */
  close(): Promise<void>;
}

/**
 * The keys of all organizations, and their backups. Moves keys when told; judges nothing.
 *
 * - **Three things, never confused:** nothing is there; it cannot be read (AuthFolderUnreadableError: nothing was
 *   touched, it may be whole); it is damaged (AuthFolderCorruptError: the caller decides to set it aside).
 * - **Fail closed:** only where certainly nothing is there is a new identity made. Keys are never overwritten.
 * - **Whole at every instant:** a kill at any moment leaves the keys complete under one name, in use or as a backup.
 *   `prepare`, or the next call for that organization, finishes or undoes what was interrupted.
 * - **Durable:** what a method did is on disk when its promise resolves.
 * - **In order:** calls for one organization take effect in the order in which they were made.
 */
export interface KeyStore {
  /**
   * Once at start, before anything else: takes the store for this process, and clears up after a crash. What is wrong
   * with one organization does not stop the others.
   * @throws AuthDirectoryInUseError of another process; errors of the storage
   */
  prepare(): Promise<void>;
  /** Every organization that has keys, by name; what is in them has not been looked at. */
  organizations(): Promise<OrganizationId[]>;
  /** Is there anything under the organization's name, backups aside? */
  exists(id: OrganizationId): Promise<boolean>;
  /** Is certainly nothing there? Then `open` would make a new identity. */
  isMissing(id: OrganizationId): Promise<boolean>;
  /** Whether the keys are those of a linked phone, and whose; changes nothing. Nothing there is not paired. */
  peek(id: OrganizationId): Promise<Pairing>;
  /**
   * Opens the keys of an organization; imports the predecessor's; makes a new identity only when nothing is there.
   * @param makeCreds called for a new identity only
   * @param now epoch ms; names the backup of an import
   */
  open(id: OrganizationId, makeCreds: () => Creds, now: number): Promise<OpenedKeys>;
  /**
   * Takes the keys out of use: they become a backup, and the oldest backups beyond the limit go. Keys that were never
   * paired are not worth one and are removed, unless something is with them that is not of this service; keys whose
   * pairing cannot be told because they are damaged count as paired.
   * @param options.reason a code that the backup keeps, e.g. `bad_mac`
   * @param options.now epoch ms; the backup's name, unless a newer backup exists (then one more than that)
   * @param options.force also when they cannot be read (otherwise AuthFolderUnreadableError): moved as they are
   * @returns the backup, or null when there was nothing worth keeping
   */
  setAside(id: OrganizationId, options: { reason: string; now: number; force?: boolean }): Promise<Backup | null>;
  /**
   * Removes the keys for good, e.g. after a logout: WhatsApp has forgotten them. What else lies with them is set aside
   * (`foreign_files`). Backups stay, up to the limit. Nothing there: nothing done.
   * @param now epoch ms, for the name of that backup
   * @returns that backup, or null when nothing but keys was there
   */
  remove(id: OrganizationId, now: number): Promise<Backup | null>;
  /** Backups of exactly this organization, newest first. */
  backups(id: OrganizationId): Promise<Backup[]>;
  /**
   * The name of the backup that `restore` would put back; changes nothing.
   * @throws ServiceError no_backup, unknown_backup
   */
  requireBackup(id: OrganizationId, name: string | undefined): Promise<string>;
  /**
   * Puts a backup back into use. Paired keys in its place are set aside first (`replaced_by_restore`); keys never
   * paired are removed, unless something is with them that is not of this service.
   * @param name one of `backups`; the newest when undefined
   * @param now epoch ms, for the backup of the keys that are replaced
   * @returns the backup as it was before; it is no longer listed
   * @throws ServiceError no_backup, unknown_backup
   */
  restore(id: OrganizationId, name: string | undefined, now: number): Promise<Backup>;
  /** Gives the store back to other processes. Keys that are open were closed by whoever opened them. */
  close(): Promise<void>;
}

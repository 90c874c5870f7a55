/**
 * What can be wrong with an auth folder, as two classes that must never be taken for one another:
 * an **unreadable** one may be whole (permissions, disk full, I/O), so nothing is touched and a person looks;
 * a **corrupt** one is not usable as it is and is set aside. "Nothing there" is neither: it is no error at all.
 *
 * `message` and `cause` are safe to log: no key, no number, no piece of a file. `code` is SQLite's or the system's
 * (`SQLITE_FULL`, `EACCES`) or one of this folder's own words (`EMPTY_FILE`, `NEWER_SCHEMA`, `CLOSED`, …).
 */
abstract class AuthFolderError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${message} (${code})`, options);
  }
}

/** The auth folder cannot be read or written now. Nothing was changed; the same call may succeed later. */
export class AuthFolderUnreadableError extends AuthFolderError {
  override readonly name = 'AuthFolderUnreadableError';
  constructor(code: string, options?: ErrorOptions) {
    super(code, 'the auth folder cannot be read or written', options);
  }
}

/** The auth folder can be read, and what stands in it is damaged. Nothing was changed; the caller sets it aside. */
export class AuthFolderCorruptError extends AuthFolderError {
  override readonly name = 'AuthFolderCorruptError';
  constructor(code: string, options?: ErrorOptions) {
    super(code, 'the auth folder is damaged', options);
  }
}

/** True for errors of SQLite or of the file system, the only ones that say something about a folder. */
export function isStorageError(error: unknown): error is Error & { code: string } {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return error.name === 'SqliteError' || error.code.startsWith('SQLITE_') || 'errno' in error;
}

/**
 * Decides what a failure means. Only SQLite's own verdict on the content is corruption; everything else, the unknown
 * included, counts as unreadable, because that is the answer which touches nothing.
 */
export function toAuthFolderError(error: unknown): AuthFolderUnreadableError | AuthFolderCorruptError {
  if (error instanceof AuthFolderUnreadableError || error instanceof AuthFolderCorruptError) return error;
  if (!isStorageError(error)) return new AuthFolderUnreadableError('UNKNOWN');
  const cause = error.name === 'SqliteError' ? error : withoutPath(error);
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return new AuthFolderCorruptError(error.code, { cause });
  return new AuthFolderUnreadableError(error.code, { cause });
}

/** The system's errors quote the path, and legacy files carry phone numbers in their names (`session-573….0.json`). */
function withoutPath(error: NodeJS.ErrnoException): Error {
  return new Error(`${error.code}: ${error.syscall ?? 'unknown system call'}`);
}

/** Runs `work`; errors of storage come out as one of the two classes, all others (mistakes in code) as they are. */
export function withAuthFolderErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isStorageError(error)) throw toAuthFolderError(error);
    throw error;
  }
}

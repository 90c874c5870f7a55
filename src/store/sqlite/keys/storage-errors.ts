import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../ports/auth-folder-error.js';

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

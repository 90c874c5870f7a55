/**
 * What can be wrong with an auth folder, as two classes that must never be taken for one another:
 * an **unreadable** one may be whole (permissions, disk full, I/O), so nothing is touched and a person looks;
 * a **corrupt** one is not usable as it is and is set aside. "Nothing there" is neither: it is no error at all.
 *
 * `message` and `cause` are safe to log: no key, no number, no piece of a file. `code` is the storage's own
 * (`SQLITE_FULL`, `EACCES`) or one of these words: `CLOSED`, `FOLDER_GONE`, `EMPTY_FILE`, `NEWER_SCHEMA`, …
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

import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/*
 * The few file operations of this room. All are synchronous, so that nothing of the process comes in between, and
 * return only when the result would survive a power cut.
 */

/** Keys are nobody's business but the service's. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** Makes the names inside a folder durable: on POSIX a rename lives in the directory, which has its own fsync. */
export function syncFolder(path: string): void {
  // Windows cannot open a directory for this; NTFS journals its names by itself.
  if (process.platform === 'win32') return;
  syncPath(path);
}

/**
 * Makes the content of a file durable. Never call it for a database that is open: closing a descriptor drops SQLite's
 * locks.
 */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a folder (and its parents) for the owner only, durable in its parent. Does nothing when it is there. */
export function makePrivateFolder(path: string): void {
  if (mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER }) !== undefined) syncFolder(dirname(path));
}

/** Takes away what others may do with `path`. Not being allowed to is no reason to fail: reading decides about that. */
export function tighten(path: string, mode: number): void {
  try {
    if ((statSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
  } catch {
    // Gone, or somebody else's: whoever needs the file next gets the true error.
  }
}

/** Writes a whole small file or none: temporary name `<path>.tmp`, fsync, rename, fsync of the folder. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  try {
    const descriptor = openSync(temporary, 'w', PRIVATE_FILE);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Renames within one folder, durably. Callers make sure that `to` is free: POSIX replaces an empty folder silently. */
export function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/**
 * The entry's kind, or null when there is none. Other errors (permissions, I/O) are thrown: they do not mean "none".
 */
export function kindOf(path: string): 'file' | 'folder' | 'other' | null {
  try {
    const found = statSync(path);
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Compiles `slow-disk.c`.
 * @returns the library for LD_PRELOAD; null when this machine has no C compiler (or is no Linux)
 */
export function slowDiskLibrary(): string | null {
  if (process.platform !== 'linux' || spawnSync('cc', ['--version']).status !== 0) return null;
  const directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-server-slow-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const library = path.join(directory, 'slow-disk.so');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, path.resolve('test/crash/slow-disk.c'), '-ldl']);
  return library;
}

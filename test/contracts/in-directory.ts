import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A place for a store in a directory of its own. */
export async function inDirectory<Store>(
  open: (directory: string) => Promise<Store>,
): Promise<{ open: () => Promise<Store>; remove: () => Promise<void> }> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'store-'));
  return {
    open: () => open(directory),
    remove: async () => fs.rmSync(directory, { recursive: true }),
  };
}

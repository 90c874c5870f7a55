import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Where the package is: two folders above, of `src/cli` as of `dist/cli`. */
export const PACKAGE_ROOT = path.resolve(import.meta.dirname, '../..');

interface PackageFile {
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

export function readPackage(directory: string): PackageFile {
  return JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as PackageFile;
}

export function ownVersion(): string {
  return readPackage(PACKAGE_ROOT).version;
}

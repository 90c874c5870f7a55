import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';

export interface Secrets {
  authDirectory: string;
  texts: readonly string[];
  numbers: readonly string[];
  key: string;
}

/**
 * Fails when the output holds a message text, a full phone number, the API key, or any key of any auth folder or
 * backup.
 */
export function assertNothingSecret(output: string, secrets: Secrets): void {
  const found = [
    ...secrets.texts.filter((text) => output.includes(text)).map((text) => `message text "${text}"`),
    ...secrets.numbers.filter((number) => output.includes(number)).map((number) => `phone number ${number}`),
    ...(output.includes(secrets.key) ? ['the API key'] : []),
    ...keysIn(secrets.authDirectory)
      .filter((value) => output.includes(value) || output.includes(Buffer.from(value, 'base64').toString('hex')))
      .map((value) => `key material ${value.slice(0, 6)}…`),
    ...(/privKey|rootKey|<Buffer |SessionEntry/.exec(output) ?? []).map((dump) => `a dump of a session (${dump})`),
  ];
  expect(found, 'secrets in the output').toEqual([]);
}

/** Every base64 value of 32 bytes or more in the databases below this directory. */
function keysIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const values = new Set<string>();
  for (const folder of readdirSync(directory)) {
    const file = path.join(directory, folder, 'auth.sqlite');
    if (!existsSync(file)) continue;
    for (const text of textsIn(file)) {
      for (const [value] of text.matchAll(/[A-Za-z0-9+/]{42,}={0,2}/g)) values.add(value);
    }
  }
  return [...values];
}

function textsIn(file: string): string[] {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true });
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    return tables.flatMap(({ name }) =>
      (database as Database.Database)
        .prepare(`SELECT * FROM "${name}"`)
        .all()
        .flatMap((row) => Object.values(row as object).map(String)),
    );
  } catch {
    // A database that a test damaged has no keys to find.
    return [];
  } finally {
    database?.close();
  }
}

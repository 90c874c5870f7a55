import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';

/**
 * Copies of all databases, auth folders and backups alike, are opened as the service would find them, and read through.
 * What is wrong is added to `violations`. Returns how many were opened.
 */
export function openDatabases(authDirectory: string, dataDirectory: string, violations: string[]): number {
  let opened = 0;
  for (const file of databases(authDirectory, dataDirectory)) {
    const copy = mkdtempSync(path.join(tmpdir(), 'whatsapp-server-crash-copy-'));
    try {
      const place = path.join(copy, path.basename(file));
      copyFileSync(file, place);
      if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${place}-wal`);
      const database = new Database(place);
      const verdict = database.pragma('integrity_check', { simple: true });
      database.close();
      if (verdict !== 'ok') violations.push(`${file} is damaged: ${String(verdict)}`);
      opened++;
    } catch (error) {
      violations.push(`${file} does not open: ${String(error)}`);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }
  return opened;
}

function databases(authDirectory: string, dataDirectory: string): string[] {
  const folders = existsSync(authDirectory) ? readdirSync(authDirectory) : [];
  return [
    // What has a dot in its name is under construction, or on its way out.
    ...folders.filter((name) => !name.includes('.')).map((name) => path.join(authDirectory, name, 'auth.sqlite')),
    path.join(dataDirectory, 'outbox.sqlite'),
    path.join(dataDirectory, 'service.sqlite'),
  ].filter((file) => existsSync(file));
}

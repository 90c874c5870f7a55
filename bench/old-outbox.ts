/** An outbox as it is after years: finished messages, written straight into the database in its own schema. */
import { randomBytes } from 'node:crypto';
import { openOutboxDatabase } from '../src/store/sqlite/outbox-database.js';

const MINUTE = 60_000;
const CONTENT = { kind: 'text', version: 1, text: 'Hola, le confirmamos su cita del martes 14 a las 10:30.' };

export function fillOutbox(directory: string, organizationId: string, count: number): void {
  const database = openOutboxDatabase(directory);
  const insert = database.prepare(
    `INSERT INTO messages (message_id, organization_id, phone, chat_id, content, state, attempts, first_try_at, send_at,
       expires_at, created_at, settled_at, times) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
  );
  const now = Date.now();
  database.transaction(() => {
    for (let index = 0; index < count; index++) {
      const phone = `57320${String(index % 50_000).padStart(7, '0')}`;
      const at = now - (count - index) * MINUTE;
      // Of the last week the contents are still there.
      const content = now - at < 7 * 24 * 60 * MINUTE ? JSON.stringify(CONTENT) : null;
      const times = JSON.stringify({ queued: at, sending: at + 20, sent: at + 90, delivered: at + 900 });
      insert.run(
        `3EB0${randomBytes(9).toString('hex').toUpperCase()}`,
        organizationId,
        phone,
        `${phone}@s.whatsapp.net`,
        content,
        index % 3 === 0 ? 'read' : 'delivered',
        at + 20,
        at,
        at + 24 * 60 * MINUTE,
        at,
        at + 90,
        times,
      );
    }
  })();
  database.close();
}

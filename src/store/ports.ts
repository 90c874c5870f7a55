/**
 * What the rooms ask of a storage, in their words: one file for each port, and the guarantees in its comments. Types
 * only, and the errors and limits that belong to them. `sqlite/` implements them; `test/contracts/` holds every
 * implementation to them.
 */
export type * from './ports/access.js';
export type * from './ports/keys.js';
export { AuthFolderCorruptError, AuthFolderUnreadableError } from './ports/auth-folder-error.js';
export type * from './ports/register.js';
export { CLEANINGS_KEPT } from './ports/register.js';
export type * from './ports/ledger.js';
export type * from './ports/webhooks.js';
export type * from './ports/outbox.js';

/**
 * What the rooms ask of a storage, in their words: one file for each port, and the guarantees in its comments. Types only.
 * `sqlite/` implements them; `test/contracts/` holds every implementation to them.
 */
export type * from './ports/access.js';

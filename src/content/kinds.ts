import { text } from './text.js';

/** Every kind of content there is, under its name. */
export const KINDS = { text };

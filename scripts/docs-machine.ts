import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sessionPicture } from '../test/units/session/session-picture.js';

// npm run docs:machine
const page = fileURLToPath(new URL('../docs/session-machine.md', import.meta.url));
writeFileSync(page, await sessionPicture(page));

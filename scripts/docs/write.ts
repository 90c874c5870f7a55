import { writeFileSync } from 'node:fs';
import { derivedFiles } from './derived.js';

/** `npm run docs`: writes the derived files anew. */
for (const [file, text] of Object.entries(await derivedFiles())) {
  writeFileSync(file, text);
  console.log(file);
}

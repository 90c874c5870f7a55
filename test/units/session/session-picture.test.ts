import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sessionPicture } from './session-picture.js';

test('the picture of the session machine is the machine’s (`npm run docs:machine` makes it anew)', async () => {
  const page = 'docs/session-machine.md';
  expect(readFileSync(page, 'utf8')).toBe(await sessionPicture(page));
});

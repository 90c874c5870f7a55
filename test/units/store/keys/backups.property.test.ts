import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backupNames, backupTime } from '../../../../src/store/sqlite/keys/backups.js';
import { parseOrganizationId } from '../../../../src/organization-id.js';
import { entries, folders, id, temporaryDirectory, writeLegacyFolder, pairedCreds } from './fixtures.js';

const IDS = ['2', '22', '2_x', '2-corrupted', '2_corrupted', '2_corrupted_x', 'x_2'].filter(parseOrganizationId);

it('pruning takes the oldest of exactly one organization, whatever the others are called', () => {
  const directory = join(temporaryDirectory(), 'all');
  const backup = fc.record({ owner: fc.constantFrom(...IDS), time: fc.integer({ min: 0, max: 30 }) });
  const operation = fc.record({ owner: fc.constantFrom(...IDS), now: fc.integer({ min: 0, max: 40 }) });
  fc.assert(
    fc.property(
      fc.array(backup),
      fc.array(operation, { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      (old, cleanings, keep) => {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory);
        const expected = new Map(IDS.map((owner) => [owner, [] as number[]]));
        for (const { owner, time } of old) {
          mkdirSync(join(directory, `${owner}_corrupted_${time}`), { recursive: true });
          expected.set(
            owner,
            [...new Set([...expected.get(owner)!, time])].sort((a, b) => b - a),
          );
        }
        const room = folders(directory, { backupsToKeep: keep });
        const made = new Map(IDS.map((owner) => [owner, new Set<number>()]));
        for (const { owner, now } of cleanings) {
          writeLegacyFolder(join(directory, owner), pairedCreds());
          const time = Math.max(now, (expected.get(owner)![0] ?? -1) + 1);
          expect(room.setAside(id(owner), { reason: 'x', now })!.name).toBe(`${owner}_corrupted_${time}`);
          made.get(owner)!.add(time);
          // The old ones are empty, hence worthless, and go before those just made.
          const worth = expected.get(owner)!.filter((other) => made.get(owner)!.has(other));
          const rest = expected.get(owner)!.filter((other) => !made.get(owner)!.has(other));
          expected.set(
            owner,
            [time, ...worth, ...rest].slice(0, keep).sort((a, b) => b - a),
          );
        }
        for (const owner of IDS) {
          expect(backupNames(directory, id(owner))).toEqual(
            expected.get(owner)!.map((time) => `${owner}_corrupted_${time}`),
          );
        }
        expect(entries(directory)).toHaveLength([...expected.values()].flat().length);
      },
    ),
    { numRuns: 60 },
  );
});

it('no name is a backup of two organizations', () => {
  const part = fc.constantFrom('2', '22', '_', '-', 'corrupted', '_corrupted_', '5', 'x');
  const text = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, text, (a, b, name) => {
      const first = parseOrganizationId(a);
      const second = parseOrganizationId(b);
      fc.pre(first !== null && second !== null && first !== second);
      for (const candidate of [name, `${first}_corrupted_5`, `${second}_corrupted_5`]) {
        expect([backupTime(first, candidate), backupTime(second, candidate)]).toContain(null);
      }
    }),
  );
});

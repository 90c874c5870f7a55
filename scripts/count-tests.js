/**
 * `node scripts/count-tests.js REPORT`: prints `N passed, N failed` from vitest's JSON report, the failed ones before
 * it by name. A file that could not even be loaded counts as one failed test. Exit code 1 when something failed,
 * nothing ran, or there is no report.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const { passed, failed } = count(process.argv[2]);
for (const name of failed) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;

function count(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.log(`There is no report of the tests: ${error.message}`);
    return { passed: 0, failed: [] };
  }
  const failed = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const where = path.relative(process.cwd(), name);
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${where}: ${test.fullName}`);
    return tests.length === 0 && status === 'failed' ? [`${where}: the file itself`] : tests;
  });
  return { passed: report.numPassedTests, failed };
}

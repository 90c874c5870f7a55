import { execFileSync } from 'node:child_process';

/**
 * Builds `dist/` once before all tests, so that tests which start the service as a process start what `npm start` and
 * pm2 start, and so that the service has the operator's page.
 */
export default function setup(): void {
  for (const step of [['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], ['scripts/build-page.js']]) {
    execFileSync(process.execPath, step, { stdio: 'inherit' });
  }
}

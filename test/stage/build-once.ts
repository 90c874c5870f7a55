import { execFileSync } from 'node:child_process';

/** Builds `dist/` once before all tests, so that tests which start the service as a process start what `npm start` and pm2 start. */
export default function setup(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}

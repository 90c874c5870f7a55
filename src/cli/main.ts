#!/usr/bin/env node
import { run } from './program.js';

// `… | head` closes the pipe: nobody reads any more, and that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  streams: process,
  environment: process.env,
  directory: process.cwd(),
});

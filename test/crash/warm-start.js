/**
 * Runs before dist/main.js in a process that waits its turn (--import): loads what takes a second to load, and lets
 * main.js begin when the parent says so. Whoever is killed every second cannot spend that second loading.
 */
await import('../../dist/service.js');
// A parent that is gone needs nobody, neither now nor later.
process.once('disconnect', () => process.exit(1));
await new Promise((go) => process.once('message', go));

/**
 * `npm run demo`: an emulated WhatsApp and the real service in this process tell their story, then stay up to be played
 * with until Ctrl+C. `npm run demo -- --once` ends after the story: 0 when everything held, 1 when something did not.
 */
import { once } from 'node:events';
import { Caller } from './caller.js';
import { commands } from './commands.js';
import { CUSTOMER, PHONE, Scene } from './scene.js';
import { readable } from './service-log.js';
import { Story } from './story.js';
import { Terminal } from './terminal.js';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;
/** 128 + SIGINT, as shells count it. */
const EXIT_INTERRUPTED = 130;
/** The service ends within 5 s; this is for what nobody thought of. */
const END_DEADLINE_MS = 8_000;
/** Lines of the log that are shown when something broke. */
const LAST_LINES = 12;

const USAGE = `npm run demo              tell the story, then stay up and show what to try; Ctrl+C ends it
npm run demo -- --once    tell the story and end: 0 when everything held, 1 when not`;

async function main(words: readonly string[]): Promise<number> {
  const terminal = new Terminal(process.stdout, process.env);
  if (words.includes('--help') || words.includes('-h')) {
    terminal.write(USAGE);
    return 0;
  }
  const unknown = words.find((word) => word !== '--once');
  if (unknown !== undefined) {
    process.stderr.write(`The demo does not know "${unknown}".\n${USAGE}\n`);
    return EXIT_USAGE;
  }

  // Keys are for this user alone, as in main.ts; and libsignal, on both sides here, must not print sessions with their
  // keys.
  process.umask(0o077);
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
    console[method] = () => undefined;

  const interruption = new AbortController();
  // A Ctrl+C under npm arrives more than once, from the terminal and from npm: the second must not cut the first one's
  // work short.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());

  let scene: Scene;
  try {
    scene = await Scene.set(process.env);
  } catch (error) {
    terminal.cross(`The demo could not start: ${sentenceOf(error)}`);
    return EXIT_BROKEN;
  }
  introduce(scene, terminal);
  await showPage(
    scene,
    terminal,
    'See it in a browser while it happens (the link signs you in once, within ten minutes)',
  );
  const code = await tell(scene, terminal, interruption.signal);
  if (code === 0 && !words.includes('--once')) await stayUp(scene, terminal, interruption.signal);
  setTimeout(() => process.exit(code || EXIT_BROKEN), END_DEADLINE_MS).unref();
  await scene.end();
  return code;
}

function introduce(scene: Scene, terminal: Terminal): void {
  terminal.title('One WhatsApp session, from the first scan to a fault and back');
  terminal.write(`   Everything here is real except WhatsApp: the service with its production code, Baileys \
and its cryptography. WhatsApp itself is
   emulated, with the organization's phone (${PHONE}) and a customer (${CUSTOMER}). Nothing leaves this machine.

   service   ${scene.url}
   WhatsApp  ${scene.whatsappUrl}   (control port ${scene.controlUrl})
   folders   ${scene.directory}   (removed at the end)`);
}

async function showPage(scene: Scene, terminal: Terminal, what: string): Promise<void> {
  terminal.write('');
  terminal.say(`# ${what}`);
  terminal.write(`   page      ${scene.url}/`);
  terminal.write(`   open      ${await scene.signedInLink()}`);
}

/** @returns the exit code */
async function tell(scene: Scene, terminal: Terminal, interrupted: AbortSignal): Promise<number> {
  const story = new Story(scene, new Caller(scene, interrupted), terminal);
  const startedAt = Date.now();
  try {
    await story.tell();
    terminal.write('');
    terminal.title(`Everything held, in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
    return 0;
  } catch (error) {
    if (interrupted.aborted) {
      terminal.write('\nInterrupted.');
      return EXIT_INTERRUPTED;
    }
    terminal.cross(sentenceOf(error));
    terminal.write("\n   The last lines of the service's log:");
    for (const line of scene.log.lines.slice(-LAST_LINES)) terminal.log(line.level, readable(line));
    terminal.write('');
    terminal.title('Something did not hold.');
    return EXIT_BROKEN;
  }
}

async function stayUp(scene: Scene, terminal: Terminal, interrupted: AbortSignal): Promise<void> {
  terminal.write('');
  await showPage(scene, terminal, 'The page in your browser, signed in (once, within ten minutes)');
  terminal.write('');
  terminal.title('Now you: everything stays up. In another terminal, type');
  for (const { what, lines } of commands(scene)) {
    terminal.write('');
    terminal.say(`# ${what}`);
    for (const line of lines) terminal.write(`   ${line}`);
  }
  terminal.write('');
  terminal.title('What the service logs appears below. Ctrl+C ends everything and removes the folders.');
  terminal.write('');
  scene.log.onLine = (line) => terminal.log(line.level, readable(line));
  if (!interrupted.aborted) await once(interrupted, 'abort');
  scene.log.onLine = null;
  terminal.write('\nEnding…');
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exit(await main(process.argv.slice(2)));

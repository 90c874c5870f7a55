/**
 * Before `npm start`, and as `npm run setup`: when no API key is set anywhere, makes a random one and keeps it in
 * `.env`. While no organization has a folder, says how to get to the first scan. The key itself is never printed:
 * outputs are collected, files are not.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';

/** Only its owner may read a file with a key in it. */
const PRIVATE = 0o600;
/** In `.env`: the key set to nothing. In `.env.example`: the key set to whatever, or only spoken of. */
const EMPTY_KEY = /^[ \t]*(?:export[ \t]+)?API_KEY[ \t]*=[ \t]*(?:""|'')?[ \t]*(?:#.*)?$/m;
const EXAMPLE_KEY = /^[ \t]*(?:#[ \t]*)?(?:export[ \t]+)?API_KEY[ \t]*=.*$/m;

const file = path.resolve('.env');

try {
  const found = readFile(file);
  const settings = { ...parse(found ?? ''), ...given(process.env) };
  if (!settings.API_KEY?.trim()) {
    saveKey(randomBytes(24).toString('base64url'), found);
    console.log(`No API_KEY was set. A random one was made; it is in ${file}, which only this user can read.`);
  }
  if (isEmpty(settings.AUTH_DIR || 'auth_sessions')) console.log(firstSteps(settings));
} catch (error) {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  console.error(
    `${file} could not be read or written (${error.code}). Set API_KEY in the environment, 24 characters or more.`,
  );
  process.exitCode = 1;
}

/** The variables that say something: for the service as well, an empty one is an absent one. */
function given(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
}

/** null when there is no such file. */
function readFile(name) {
  try {
    return fs.readFileSync(name, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Everything else that stood in the file stays; a new file takes its structure from `.env.example`. */
function saveKey(key, found) {
  const line = `API_KEY=${key}`;
  const before = found ?? readFile('.env.example') ?? '';
  const place = found === null ? EXAMPLE_KEY : EMPTY_KEY;
  const after = place.test(before)
    ? before.replace(place, line)
    : `${before}${/[^\n]$/.test(before) ? '\n' : ''}${line}\n`;
  // Complete or not at all: written beside, then put in place.
  const target = found === null ? file : fs.realpathSync(file);
  const draft = `${target}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(draft, after, { mode: PRIVATE, flag: 'wx', flush: true });
    if (found === null) putNew(draft, target);
    else fs.renameSync(draft, target);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** A link never replaces a file that has come to be meanwhile; not every file system has links. */
function putNew(draft, target) {
  try {
    fs.linkSync(draft, target);
  } catch (error) {
    if (error.code === 'EEXIST') throw error;
    fs.copyFileSync(draft, target, fs.constants.COPYFILE_EXCL);
  }
}

/** Whether no organization has been here yet. */
function isEmpty(directory) {
  try {
    return !fs.readdirSync(directory).some((name) => !name.startsWith('.'));
  } catch {
    return true;
  }
}

function firstSteps({ HOST, PORT }) {
  const isAnyAddress = !HOST || HOST === '0.0.0.0' || HOST === '::';
  const host = isAnyAddress ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST;
  const url = `http://${host}:${PORT || 3000}`;
  const key = process.env.API_KEY?.trim() ? 'KEY="$API_KEY"' : `KEY=$(grep ^API_KEY= ${quoted(file)} | cut -d= -f2-)`;
  return `
The first scan. When the service says that it is listening, type in another terminal:

  ${key}
  curl -X POST ${url}/api/start-session -H "x-api-key: $KEY" -H 'content-type: application/json' \
-d '{"organization_id": "1", "wait_ms": 20000}'
  curl '${url}/api/qr/1?format=text' -H "x-api-key: $KEY"

The last line draws the QR. On the organization's phone: WhatsApp, Settings, Linked devices, Link a device. Then:

  curl ${url}/api/status/1 -H "x-api-key: $KEY"
`;
}

/** As the shell reads it. */
function quoted(text) {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

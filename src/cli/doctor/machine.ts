import fs from 'node:fs/promises';
import path from 'node:path';
import { size } from '../format.js';
import type { Text } from '../language.js';
import type { EnvironmentFile } from '../settings.js';
import { PACKAGE_ROOT, readPackage } from '../version.js';
import { type Finding, ok, problem, warning } from './finding.js';

const MB = 1024 * 1024;
/** Below this SQLite soon cannot write, and nothing is accepted any more. */
const TOO_LITTLE_DISK = 100 * MB;
/** Below this somebody should look after it in time. */
const LITTLE_DISK = 1024 * MB;
/** `f_type` of statfs(2) on Linux: NFS, CIFS, SMB2. SQLite's locks and fsync are not to be trusted there. */
const NETWORK_FILE_SYSTEMS = new Set([0x6969, 0xff534d42, 0xfe534d42]);
/** Readable or writable for others than the owner. */
const OTHERS = 0o077;

/** `>=20.19.0` against `20.20.2`; only this form is used in package.json. */
export function isNewEnough(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] =>
    text
      .replace(/^[^\d]*/, '')
      .split('.')
      .map((part) => parseInt(part, 10));
  const [have, need] = [numbers(version), numbers(wanted)];
  for (let index = 0; index < 3; index++) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function checkNode(version = process.versions.node): Finding {
  const wanted = readPackage(PACKAGE_ROOT).engines?.node ?? '>=0';
  if (isNewEnough(version, wanted)) return ok('node', `Node.js ${version}`, `Node.js ${version}`);
  return problem(
    'node',
    {
      es: `Node.js ${version} es demasiado viejo (hace falta ${wanted})`,
      en: `Node.js ${version} is too old (${wanted} is needed)`,
    },
    { es: 'Instale una versión LTS actual de Node.js.', en: 'Install a current LTS version of Node.js.' },
  );
}

/** Read from their files: this program never loads Baileys, which takes a second. */
export async function checkVersions(waVersion: string | undefined): Promise<Finding> {
  const own = readPackage(PACKAGE_ROOT);
  const name = '@whiskeysockets/baileys';
  const folder = path.join(PACKAGE_ROOT, 'node_modules', ...name.split('/'));
  try {
    const { version } = readPackage(folder);
    const defaults = await fs.readFile(path.join(folder, 'lib/Defaults/index.js'), 'utf8').catch(() => '');
    const builtIn = /^const version = \[([\d, ]+)\]/m.exec(defaults)?.[1]?.split(/, ?/).join('.') ?? '?';
    const whatsapp = waVersion ?? builtIn;
    const asked = waVersion ? ' (WA_VERSION)' : '';
    const es = `whatsapp-server ${own.version}, Baileys ${version}, WhatsApp Web ${whatsapp}${asked}`;
    const wanted = own.dependencies?.[name];
    if (wanted === undefined || wanted === version) return ok('version', es, es);
    return problem(
      'version',
      {
        es: `Baileys ${version} está instalado, y el servicio se probó con ${wanted}`,
        en: `Baileys ${version} is installed, and the service was tested with ${wanted}`,
      },
      { es: 'Ejecute `npm ci` en la carpeta del servicio.', en: "Run `npm ci` in the service's folder." },
    );
  } catch {
    return problem(
      'version',
      { es: 'Baileys no está instalado', en: 'Baileys is not installed' },
      { es: 'Ejecute `npm ci` en la carpeta del servicio.', en: "Run `npm ci` in the service's folder." },
    );
  }
}

export async function checkEnvironmentFile({ file, problem: unreadable }: EnvironmentFile): Promise<Finding> {
  if (unreadable !== null) {
    return problem(
      'env_file',
      { es: `${file} no se puede leer (${unreadable})`, en: `${file} cannot be read (${unreadable})` },
      {
        es: 'Ejecute el doctor como el usuario del servicio, o corrija los permisos.',
        en: "Run the doctor as the service's user, or correct the permissions.",
      },
    );
  }
  const found = await fs.stat(file).catch(() => null);
  if (!found)
    return ok('env_file', `No hay ${file}; vale lo del entorno`, `There is no ${file}; the environment counts`);
  if ((found.mode & OTHERS) === 0 || process.platform === 'win32') return ok('env_file', file, file);
  return warning(
    'env_file',
    {
      es: `${file} lo pueden leer otros usuarios, y tiene la clave`,
      en: `${file} can be read by other users, and the key is in it`,
    },
    { es: `chmod 600 ${file}`, en: `chmod 600 ${file}` },
  );
}

const AS_USER: Text = {
  es: 'Ejecute el doctor como el usuario del servicio; si lo es, corrija dueño y permisos (chown, chmod 700).',
  en: "Run the doctor as the service's user; if it is, correct owner and permissions (chown, chmod 700).",
};

/** What the service must be able to do with a folder, and how much room there is. */
export async function checkFolder(
  variable: 'AUTH_DIR' | 'DATA_DIR',
  setting: string,
  base: string,
): Promise<Finding[]> {
  const check = variable.toLowerCase();
  const folder = path.resolve(base, setting);
  const name = `${variable} ${folder}`;
  const found = await fs.stat(folder).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (found === 'ENOENT') return checkPlaceFor(check, folder, name);
  if (typeof found === 'string') {
    const text = { es: `${name} no se puede leer (${found})`, en: `${name} cannot be read (${found})` };
    return [problem(check, text, AS_USER)];
  }
  if (!found.isDirectory()) {
    const hint = { es: `Corrija ${variable}, o mueva ese archivo.`, en: `Correct ${variable}, or move that file.` };
    return [problem(check, { es: `${name} no es una carpeta`, en: `${name} is not a folder` }, hint)];
  }
  if (!(await mayUse(folder))) {
    const text = { es: `En ${name} no se puede leer o escribir`, en: `${name} cannot be read or written` };
    return [problem(check, text, AS_USER)];
  }
  const isOpen = (found.mode & OTHERS) !== 0 && process.platform !== 'win32';
  return [isOpen ? openToOthers(check, name, folder) : ok(check, name, name), ...(await checkDisk(check, folder))];
}

/** A folder that is not there yet. */
async function checkPlaceFor(check: string, folder: string, name: string): Promise<Finding[]> {
  const parent = await nearestFolder(path.dirname(folder));
  if (!(await mayUse(parent))) {
    const es = `${name} no existe, y no se puede crear en ${parent}`;
    return [problem(check, { es, en: `${name} does not exist, and cannot be made in ${parent}` }, AS_USER)];
  }
  const es = `${name} no existe todavía; el servicio la crea`;
  return [ok(check, es, `${name} does not exist yet; the service makes it`), ...(await checkDisk(check, parent))];
}

function openToOthers(check: string, name: string, folder: string): Finding {
  const text = {
    es: `${name} está abierta a otros usuarios: quien lee las claves puede escribir en nombre de sus dueños`,
    en: `${name} is open to other users: whoever reads the keys can write in their owners' names`,
  };
  return warning(check, text, { es: `chmod 700 ${folder}`, en: `chmod 700 ${folder}` });
}

async function mayUse(folder: string): Promise<boolean> {
  const { R_OK, W_OK, X_OK } = fs.constants;
  return fs.access(folder, R_OK | W_OK | X_OK).then(
    () => true,
    () => false,
  );
}

async function nearestFolder(folder: string): Promise<string> {
  const isThere = await fs.stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const parent = path.dirname(folder);
  return isThere || parent === folder ? folder : nearestFolder(parent);
}

async function checkDisk(check: string, folder: string): Promise<Finding[]> {
  const disk = await fs.statfs(folder).catch(() => null);
  if (!disk) return [];
  const findings = [judgeDisk(`${check}_disk`, folder, disk.bavail * disk.bsize, disk.files > 0 ? disk.ffree : null)];
  // The kernel's number may come with its sign.
  if (process.platform === 'linux' && NETWORK_FILE_SYSTEMS.has(disk.type >>> 0)) {
    findings.push(
      warning(
        `${check}_file_system`,
        { es: `${folder} está en un disco de red`, en: `${folder} is on a network disk` },
        {
          es: 'Use un disco local: las bases de datos no están seguras en uno de red.',
          en: 'Use a local disk: databases are not safe on a network disk.',
        },
      ),
    );
  }
  return findings;
}

export function judgeDisk(check: string, folder: string, free: number, freeFiles: number | null): Finding {
  const room = size(free);
  const hint = {
    es: 'Libere espacio (registros viejos, por ejemplo) antes de que el servicio deje de aceptar mensajes.',
    en: 'Make room (old logs, for example) before the service stops accepting messages.',
  };
  if (freeFiles === 0) {
    return problem(
      check,
      { es: `En ${folder} no caben más archivos (inodos)`, en: `${folder} has room for no more files (inodes)` },
      hint,
    );
  }
  if (free >= LITTLE_DISK) return ok(check, `${room} libres en ${folder}`, `${room} free in ${folder}`);
  const text = { es: `Sólo ${room} libres en ${folder}`, en: `Only ${room} free in ${folder}` };
  return free < TOO_LITTLE_DISK ? problem(check, text, hint) : warning(check, text, hint);
}

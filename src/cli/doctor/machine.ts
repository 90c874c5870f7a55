import fs from 'node:fs/promises';
import path from 'node:path';
import { size } from '../format.js';
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
    const es = `whatsapp-server ${own.version}, Baileys ${version}, WhatsApp Web ${whatsapp}${waVersion ? ' (WA_VERSION)' : ''}`;
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

/** What the service must be able to do with a folder, and how much room there is. */
export async function checkFolder(
  variable: 'AUTH_DIR' | 'DATA_DIR',
  setting: string,
  base: string,
): Promise<Finding[]> {
  const check = variable.toLowerCase();
  const folder = path.resolve(base, setting);
  const found = await fs.stat(folder).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  const asUser = {
    es: 'Ejecute el doctor como el usuario del servicio; si lo es, corrija dueño y permisos (chown, chmod 700).',
    en: "Run the doctor as the service's user; if it is, correct owner and permissions (chown, chmod 700).",
  };
  if (found === 'ENOENT') {
    const parent = await nearestFolder(path.dirname(folder));
    if (await mayUse(parent)) {
      const es = `${variable} ${folder} no existe todavía; el servicio la crea`;
      return [
        ok(check, es, `${variable} ${folder} does not exist yet; the service makes it`),
        ...(await checkDisk(check, parent)),
      ];
    }
    return [
      problem(
        check,
        {
          es: `${variable} ${folder} no existe, y no se puede crear en ${parent}`,
          en: `${variable} ${folder} does not exist, and cannot be made in ${parent}`,
        },
        asUser,
      ),
    ];
  }
  if (typeof found === 'string') {
    return [
      problem(
        check,
        {
          es: `${variable} ${folder} no se puede leer (${found})`,
          en: `${variable} ${folder} cannot be read (${found})`,
        },
        asUser,
      ),
    ];
  }
  if (!found.isDirectory()) {
    return [
      problem(
        check,
        { es: `${variable} ${folder} no es una carpeta`, en: `${variable} ${folder} is not a folder` },
        { es: `Corrija ${variable}, o mueva ese archivo.`, en: `Correct ${variable}, or move that file.` },
      ),
    ];
  }
  if (!(await mayUse(folder))) {
    return [
      problem(
        check,
        {
          es: `En ${variable} ${folder} no se puede leer o escribir`,
          en: `${variable} ${folder} cannot be read or written`,
        },
        asUser,
      ),
    ];
  }
  const isOpen = (found.mode & OTHERS) !== 0 && process.platform !== 'win32';
  const permissions = isOpen
    ? warning(
        check,
        {
          es: `${variable} ${folder} está abierta a otros usuarios: quien lee las claves puede escribir en nombre de sus dueños`,
          en: `${variable} ${folder} is open to other users: whoever reads the keys can write in their owners' names`,
        },
        { es: `chmod 700 ${folder}`, en: `chmod 700 ${folder}` },
      )
    : ok(check, `${variable} ${folder}`, `${variable} ${folder}`);
  return [permissions, ...(await checkDisk(check, folder))];
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

/**
 * Builds the operator's page and the shop's page out of `src/operator-page/` into `dist/operator-page/`: `index.html`,
 * `shop.html`, and what they load in `assets/`, with a hash of the content in each name, so that a browser may keep it
 * for ever. Nothing is loaded from elsewhere.
 */
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const SOURCE = 'src/operator-page';
const TARGET = 'dist/operator-page';
/** Bytes of one page's script, gzipped: on a phone with a slow connection (50 KB/s) it is there in about a second. */
const BUDGET = 50 * 1024;
/**
 * Phones of the last four years: they know <dialog> and custom properties; nesting and newer syntax is rewritten for
 * them.
 */
const BROWSERS = ['chrome98', 'firefox98', 'safari15.4'];

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, TARGET);

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { page: `${SOURCE}/main.tsx`, shop: `${SOURCE}/shop.tsx`, icon: `${SOURCE}/icon.svg` },
  outdir: TARGET,
  entryNames: 'assets/[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: BROWSERS,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'copy' },
  tsconfig: `${SOURCE}/tsconfig.json`,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

/** `page` -> `{script, style}`, names under `/assets/`. */
const made = {};
for (const [file, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
  if (entryPoint?.endsWith('.svg')) made.icon = file;
  else if (entryPoint) made[path.basename(entryPoint, '.tsx')] = { script: file, style: cssBundle };
}

writePage('index.html', made.main);
writePage('shop.html', made.shop);
removeOldAssets(Object.keys(metafile.outputs));

function writePage(name, { script, style }) {
  const size = gzipSync(fs.readFileSync(path.join(root, script))).length;
  if (size > BUDGET) {
    console.error(`${script} has ${size} bytes gzipped; the budget is ${BUDGET}.`);
    process.exitCode = 1;
  }
  const html = fs
    .readFileSync(path.join(root, SOURCE, 'index.html'), 'utf8')
    .replace('{script}', address(script))
    .replace('{style}', address(style))
    .replace('{icon}', address(made.icon));
  fs.writeFileSync(path.join(target, name), html);
}

function address(file) {
  return `/${path.posix.relative(TARGET, file)}`;
}

/** What an earlier build left; a page that is open in a browser has loaded everything that it needs. */
function removeOldAssets(kept) {
  const names = new Set(kept.map((file) => path.basename(file)));
  const assets = path.join(target, 'assets');
  for (const name of fs.readdirSync(assets)) if (!names.has(name)) fs.rmSync(path.join(assets, name));
}

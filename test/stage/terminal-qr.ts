import { stripVTControlCharacters } from 'node:util';
import { PNG } from 'pngjs';

/** A terminal's light and dark, as a camera sees them. */
export function photograph(blocks: string): Buffer {
  const rows = blocks
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => [[...line].map((c) => '▀█'.includes(c)), [...line].map((c) => '▄█'.includes(c))]);
  const scale = 4;
  const width = Math.max(...rows.map((row) => row.length));
  const picture = new PNG({ width: width * scale, height: rows.length * scale });
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const isLight = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false;
      picture.data.fill(isLight ? 255 : 0, (y * picture.width + x) * 4, (y * picture.width + x) * 4 + 3);
      picture.data[(y * picture.width + x) * 4 + 3] = 255;
    }
  }
  return PNG.sync.write(picture);
}

/** Every QR that was drawn so far, one after another. */
export function drawnQrs(output: string): string[] {
  const lines = stripVTControlCharacters(output)
    .split(/\r?\n/)
    .map((line) => (/^[ ▀▄█]{20,}$/.test(line) ? line : ''));
  return lines
    .join('\n')
    .split(/\n{2,}/)
    .map((blocks) => blocks.replace(/^\n|\n$/g, ''))
    .filter((blocks) => blocks.split('\n').length > 20);
}

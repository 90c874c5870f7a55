import { LRUCache } from 'lru-cache';
import { toBuffer, toDataURL, toString } from 'qrcode';

/**
 * WhatsApp's QR text as a picture. Level M and four modules of quiet zone, as the standard wants; six pixels a module
 * make a picture of some 450 pixels, readable from a screen at arm's length.
 */
const PICTURE = { errorCorrectionLevel: 'M', margin: 4, scale: 6 } as const;

/**
 * Each line as its difference from the one above: most are alike. The picture is smaller by a quarter than with what
 * the library would try out, and costs a third of the time.
 */
const PACKING = { filterType: 2, deflateStrategy: 0, deflateLevel: 6 };

/** The maker of the PNG writes into its options, so it gets its own each time. */
const png = () => ({ ...PICTURE, type: 'png' as const, rendererOpts: { ...PACKING } });

/** A picture costs about 10 ms of CPU, and the same one is polled every few seconds by whoever shows it. */
const dataUrls = new LRUCache<string, Promise<string>>({ max: 100 });

/** `data:image/png;base64,…` */
export function qrDataUrl(text: string): Promise<string> {
  const known = dataUrls.get(text);
  if (known) return known;
  const made = toDataURL(text, { ...png(), type: 'image/png' });
  dataUrls.set(text, made);
  made.catch(() => dataUrls.delete(text));
  return made;
}

/** The picture's bytes. */
export function qrPng(text: string): Promise<Buffer> {
  return toBuffer(text, png());
}

/**
 * Half blocks, two modules to a character. A terminal's own colours decide what is dark: phones read dark on light,
 * and most terminals write light on dark, so the blocks are the light modules unless `background` is light.
 */
export function qrBlocks(text: string, background: 'dark' | 'light'): Promise<string> {
  const color = background === 'dark' ? { dark: '#ffffff', light: '#000000' } : { dark: '#000000', light: '#ffffff' };
  return toString(text, { type: 'utf8', errorCorrectionLevel: 'L', margin: 2, color });
}

import { PNG } from 'pngjs';
import decodeQr from 'qr/decode.js';

/** The text of a QR picture, read by another library than the one that drew it. */
export function decodePNG(picture: Buffer): string {
  const { width, height, data } = PNG.sync.read(picture);
  return decodeQr({ width, height, data: new Uint8Array(data) });
}

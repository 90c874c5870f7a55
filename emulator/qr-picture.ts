/** Reads the text out of a picture of a QR code, as a phone's camera does. */
import { PNG } from 'pngjs';
import decodeQr from 'qr/decode.js';

/** A PNG as bytes, or as a data URL (`data:image/png;base64,...`). Throws when there is no readable QR code on it. */
export function readQrPicture(png: Buffer | string): string {
  const bytes = typeof png === 'string' ? Buffer.from(png.replace(/^data:image\/png;base64,/, ''), 'base64') : png;
  const { width, height, data } = readPng(bytes);
  try {
    return decodeQr({ width, height, data: new Uint8Array(data) }, { effort: 4, timeLimit: 5000 });
  } catch {
    throw new Error('no readable QR code on this picture');
  }
}

function readPng(bytes: Buffer): PNG {
  try {
    return PNG.sync.read(bytes);
  } catch {
    throw new Error('the picture is not a PNG');
  }
}

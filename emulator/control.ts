import type { Emulator } from './emulator.js';

export interface Control {
  url: string;
  stop(): Promise<void>;
}

export async function startControl(_emulator: Emulator, _host: string, _port: number): Promise<Control> {
  throw new Error('not yet');
}

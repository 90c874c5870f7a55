import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { width } from './format.js';

type Color = 'green' | 'yellow' | 'red' | 'dim' | 'bold';
const SGR: Readonly<Record<Color, string>> = { green: '32', yellow: '33', red: '31', dim: '2', bold: '1' };

/** White on black of the 256 fixed colours: a theme may change the named ones, and a phone wants contrast. */
const QR_COLORS = '38;5;231;48;5;16';

export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  readonly stderr: Writable & { isTTY?: boolean };
}

/** The one place that writes: results to stdout, everything else to stderr, so that a pipe gets results alone. */
export class Terminal {
  /** Lines of the screen that the last `redraw` took. */
  private drawn = 0;
  private readonly colors: boolean;

  constructor(
    private readonly streams: Streams,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    // no-color.org: present and not empty, whatever its value.
    this.colors = this.isInteractive && !environment.NO_COLOR && environment.TERM !== 'dumb';
  }

  get isInteractive(): boolean {
    return this.streams.stdout.isTTY === true;
  }

  /** Whether it can show colours that are its own choice, so that a QR does not depend on the theme. */
  get paints(): boolean {
    return this.colors;
  }

  print(text: string): void {
    this.streams.stdout.write(`${text}\n`);
    this.drawn = 0;
  }

  /** One line, whole, so that a script can read them as they come. */
  json(value: unknown): void {
    this.streams.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Not a result: progress, warnings, errors. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
    this.drawn = 0;
  }

  /** In the place of what was drawn last, when this is a screen; below it, when it is a file or a pipe. */
  redraw(text: string): void {
    // A terminal without a size says 0.
    const columns = this.streams.stdout.columns || 80;
    const rows = this.streams.stdout.rows || 24;
    const lines = text.split('\n');
    let erase = '';
    if (this.isInteractive && this.drawn > 0) {
      erase = this.drawn < rows ? `\u001b[${this.drawn}A\u001b[0J` : '\u001b[H\u001b[2J';
    }
    this.streams.stdout.write(`${erase}${text}\n`);
    this.drawn = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
  }

  color(color: Color, text: string): string {
    return this.colors ? `\u001b[${SGR[color]}m${text}\u001b[0m` : text;
  }

  /** The blocks of a QR for a dark background, in colours that make any background dark. */
  qr(blocks: string): string {
    if (!this.colors) return blocks;
    return blocks
      .split('\n')
      .map((line) => `\u001b[${QR_COLORS}m${line}\u001b[0m`)
      .join('\n');
  }

  /** One line of the keyboard, or of what is piped in; null when there is none. The question goes to stderr. */
  async ask(question: string): Promise<string | null> {
    const lines = createInterface({ input: this.streams.stdin, terminal: false });
    this.streams.stderr.write(question);
    return new Promise((resolve) => {
      lines.once('line', (line) => {
        resolve(line.trim());
        lines.close();
      });
      lines.once('close', () => resolve(null));
    });
  }

  async readAll(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.streams.stdin) chunks.push(Buffer.from(chunk as Buffer | string));
    return Buffer.concat(chunks).toString('utf8');
  }
}

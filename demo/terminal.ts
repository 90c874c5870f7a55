/**
 * What the demo prints: steps, sentences, ticks and crosses. Without colours when NO_COLOR is set or nobody looks at a
 * terminal.
 */

/**
 * A breath after each step, ms, for somebody who reads along; nobody waits when the output goes to a file or a test.
 */
const PAUSE_MS = 700;

const CODES = { bold: '1', dim: '2', green: '32', red: '31', yellow: '33' } as const;
type Style = keyof typeof CODES;

export class Terminal {
  private readonly colored: boolean;
  private steps = 0;

  constructor(
    private readonly output: NodeJS.WriteStream,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.colored = output.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
    // Somebody who reads with `head` has seen enough; the demo itself goes on to its orderly end.
    output.on('error', () => undefined);
  }

  title(text: string): void {
    this.write(`${this.style('bold', text)}\n`);
  }

  step(text: string): void {
    this.steps += 1;
    this.write(`\n${this.style('bold', `${this.steps}. ${text}`)}`);
  }

  say(text: string): void {
    this.write(`   ${text}`);
  }

  quiet(text: string): void {
    this.write(`   ${this.style('dim', text)}`);
  }

  tick(text: string): void {
    this.write(`   ${this.style('green', '✓')} ${text}`);
  }

  cross(text: string): void {
    this.write(`   ${this.style('red', '✗')} ${text}`);
  }

  /** A line of the service's log. */
  log(level: string, text: string): void {
    const isNews = level === 'warn' || level === 'error';
    this.write(`   ${this.style(level === 'error' ? 'red' : isNews ? 'yellow' : 'dim', `log  ${text}`)}`);
  }

  /** Text of several lines, as it is. */
  block(text: string): void {
    this.write(`\n${text.trimEnd()}\n`);
  }

  async pause(): Promise<void> {
    if (this.output.isTTY) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  write(text: string): void {
    this.output.write(`${text}\n`);
  }

  private style(style: Style, text: string): string {
    return this.colored ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
  }
}

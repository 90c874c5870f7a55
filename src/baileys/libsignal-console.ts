import { redact, type Logger } from '../logger.js';

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const;

/**
 * libsignal prints through `console`, whole sessions with private and root keys among it (`Closing session:`, `Removing
 * old closed session:`; docs/whatsapp.md, section 3). This service itself never uses `console`, so while it runs
 * everything that comes that way is cut down to its first words, redacted, at debug. What it says about failed
 * decryptions reaches SessionHealth on its own way, with the error.
 * @returns a function that puts the former console back
 */
export function silenceLibsignalConsole(logger: Logger): () => void {
  const former = METHODS.map((method) => [method, console[method]] as const);
  const quiet = (...values: unknown[]): void => {
    const first = values[0];
    const text = typeof first === 'string' ? redact(first.split('\n', 1)[0] ?? '') : typeof first;
    logger.debug({ event: 'console_silenced' }, text);
  };
  for (const [method] of former) console[method] = quiet;
  return () => {
    for (const [method, original] of former) if (console[method] === quiet) console[method] = original;
  };
}

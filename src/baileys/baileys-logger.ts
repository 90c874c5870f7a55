import { redact, type Logger } from '../logger.js';

/**
 * Baileys' logger over ours. Baileys logs whole stanzas, keys and chat ids as objects, so objects are dropped; of its
 * warnings and errors the redacted sentence is kept at debug, for what matters reaches the log as this service's own
 * events.
 */
export function baileysLogger(logger: Logger) {
  const keep = (_object: unknown, message?: string): void => {
    if (message) logger.debug({ event: 'baileys' }, redact(message));
  };
  const drop = (): void => {};
  const adapter = {
    level: 'warn',
    child: () => adapter,
    trace: drop,
    debug: drop,
    info: drop,
    warn: keep,
    error: keep,
  };
  return adapter;
}

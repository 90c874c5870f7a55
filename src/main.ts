import { config as readDotenv } from 'dotenv';
import { ConfigError, readConfig } from './config.js';
import { createLogger, redact, type Logger } from './logger.js';
import type { Service } from './service.js';
import { StartError } from './start-error.js';

/**
 * EX_CONFIG of sysexits.h: another try cannot help before a person has changed the configuration. ecosystem.config.js
 * does not restart on it.
 */
const EXIT_CONFIGURATION = 78;
/** Any other reason not to start, a port in use for example: another try may help. */
const EXIT_FAILURE = 1;
/**
 * The stop itself takes at most about 3 s; this ends what nobody thought of. Shorter than the 5 s that are promised,
 * and pm2's kill_timeout.
 */
const STOP_DEADLINE_MS = 4500;

/** Start, wait for a signal, stop; nothing else. */
async function main(): Promise<void> {
  // Keys and databases are for this user alone, whatever creates the file.
  process.umask(0o077);
  const running: { logger?: Logger; service?: Service } = {};
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // Ctrl+C under `npm start` arrives twice, from the terminal and from npm: the second must not cut the first one's
    // work short.
    if (stopping) return;
    stopping = true;
    const { logger, service } = running;
    logger?.info({ event: 'service_stopping', signal }, `Stopping (${signal}).`);
    // Before the door is open there is nothing to put away.
    if (!service) process.exit(0);
    setTimeout(() => process.exit(EXIT_FAILURE), STOP_DEADLINE_MS).unref();
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger?.error({ event: 'stop_failed' }, `The service could not stop in good order: ${redact(String(error))}`);
        process.exit(EXIT_FAILURE);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  readEnvironmentFile();
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  running.logger = logger;
  // Loaded only now, since it takes a second: a wrong configuration is told at once, and a signal meanwhile is heard.
  const { startService } = await import('./service.js');
  running.service = await startService(config, logger);
  // pm2 waits for this before it calls a (re)started process ready.
  process.send?.('ready');
}

/** `.env` of the working directory; what the environment says already goes before it. */
function readEnvironmentFile(): void {
  const { error } = readDotenv({ quiet: true });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error && code !== 'ENOENT') throw new ConfigError([`.env cannot be read (${code ?? 'unknown error'})`]);
}

main().catch((error: unknown) => {
  const isExpected = error instanceof ConfigError || error instanceof StartError;
  const text = error instanceof Error ? (isExpected ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIGURATION : EXIT_FAILURE);
});

import { config as readDotenv } from 'dotenv';
import { ConfigError, readConfig } from './config.js';
import { createLogger } from './logger.js';
import { startService } from './service.js';

/** Start, wait for a signal, stop; nothing else. */
async function main(): Promise<void> {
  // Keys and databases are for this user alone, whatever creates the file.
  process.umask(0o077);
  readDotenv({ quiet: true });
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const service = await startService(config, logger);
  // pm2 waits for this before it calls a (re)started process ready.
  process.send?.('ready');
  const stop = (signal: NodeJS.Signals): void => {
    logger.info({ event: 'service_stopping', signal }, `Stopping (${signal}).`);
    service.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  const text =
    error instanceof ConfigError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});

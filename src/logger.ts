import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';

/**
 * pino as this service uses it. Each line has a stable `event` name, an English sentence as `msg`, and `org:
 * "org_id_<id>"` where it concerns one organization. ERROR means that a person must act; a reconnect is INFO.
 */
export type Logger = PinoLogger;

export interface LoggerOptions {
  level: string;
  format: 'json' | 'pretty';
  /** Where lines go; stdout when absent. Tests collect them here. */
  destination?: DestinationStream;
}

export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: {},
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const destination =
    options.destination ??
    (options.format === 'pretty' ? pretty({ ignore: 'org,event', messageFormat: '{org} {event}: {msg}' }) : undefined);
  return destination ? pino(settings, destination) : pino(settings);
}

/** A phone number as logs may show it: the last four digits only. */
export function maskPhone(number: string): string {
  const digits = number.replace(/\D/g, '');
  return digits.length <= 4 ? '…' : `…${digits.slice(-4)}`;
}

/**
 * Takes out of a foreign text (an error of a library, say) what must not be logged: phone numbers, chat ids, and
 * anything that looks like key material. Short plain sentences pass unchanged.
 */
export function redact(text: string): string {
  return text
    .replace(/[A-Za-z0-9+/_-]{28,}={0,2}/g, '[redacted]')
    .replace(/\b(?:[0-9a-f]{2}[\s,:]){7,}[0-9a-f]{2}\b|(?:\d{1,3},\s?){7,}\d{1,3}/gi, '[redacted]')
    .replace(/\+?\(?\d(?:(?:[\s-]{0,3}|\.|\)[\s-]?|\s?\()\d){6,}/g, (found) => maskPhone(found))
    .slice(0, 500);
}

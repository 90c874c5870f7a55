import path from 'node:path';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js';
import { z } from 'zod';

/**
 * Environment -> Config, checked. Every variable is described in `.env.example`; a test holds the two lists against
 * each other. Durations are milliseconds.
 */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const DAY = 24 * 60 * 60 * 1000;
const count = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const duration = (fallback: number, min: number, max = DAY) => count(fallback, min, max).meta({ unit: 'ms' });
const days = (fallback: number, max: number) => count(fallback, 1, max).meta({ unit: 'days' });

/** API keys that stand in examples all over the world; starting with one of them would be an open door. */
const EXAMPLE_KEYS = new RegExp(
  String.raw`^\W*((my|a|the|super|insert|put|replace)[-_ ]?(with[-_ ]?)?)*` +
    String.raw`(change[-_ ]?(me|this)|your[-_ ]|secret|example|test|demo|` +
    String.raw`password|admin|api[-_ ]?key|x{4,}|0+$|1234|abcd)`,
  'i',
);
const MIN_KEY_LENGTH = 24;
const MAX_KEY_LENGTH = 512;
const MIN_KEY_VARIETY = 8;

/** The one thing to mend first; never a part of the key. */
function whatIsWrongWith(key: string): string | null {
  if (key.length < MIN_KEY_LENGTH) return `is too short: ${key.length} characters, at least ${MIN_KEY_LENGTH}`;
  if (key.length > MAX_KEY_LENGTH) return `is too long: ${key.length} characters, at most ${MAX_KEY_LENGTH}`;
  if (EXAMPLE_KEYS.test(key)) return 'looks like an example; use a random one';
  const { size } = new Set(key);
  if (size < MIN_KEY_VARIETY) {
    return `is too easy to guess: ${size} different characters, at least ${MIN_KEY_VARIETY}; use a random one`;
  }
  return null;
}

const schema = z.object({
  PORT: count(3000, 0, 65535),
  HOST: z.string().min(1).default('127.0.0.1'),
  API_KEY: z.string({ error: 'is missing; `npm start` generates one into .env' }).superRefine((key, context) => {
    const wrong = whatIsWrongWith(key);
    if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
  }),
  /** Where browsers find the service, as an origin: `https://wa.example.com`. */
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
    .refine(
      (text) => /^https?:\/\/[^/?#@]+\/?$/.test(text),
      'must be an address without a path, like https://wa.example.com',
    )
    .transform((text) => new URL(text).origin)
    .optional(),
  AUTH_DIR: z.string().min(1).default('./auth_sessions'),
  DATA_DIR: z.string().min(1).default('./data'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty']).default('json'),
  DEFAULT_COUNTRY: z
    .string()
    .toUpperCase()
    .refine((code): code is CountryCode => isSupportedCountry(code), 'is not a country code of ISO 3166, like CO')
    .default('CO'),
  DEFAULT_LANGUAGE: z.enum(['es', 'en']).default('es'),
  WA_WEBSOCKET_URL: z
    .url({ protocol: /^wss?$/, error: 'must be a ws:// or wss:// address' })
    .default('wss://web.whatsapp.com/ws/chat'),
  WA_VERSION: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'must look like 2.3000.1043857760')
    .transform((text) => text.split('.').map(Number) as [number, number, number])
    .optional(),

  BAD_MAC_ERROR_LIMIT: count(3, 1, 1000),
  BAD_MAC_RESET_TIME: duration(30_000, 100),
  BAD_MAC_MIN_CUSTOMERS: count(1, 1, 100),
  STREAM_ERROR_LIMIT: count(2, 1, 1000),
  STREAM_ERROR_RESET_TIME: duration(60_000, 100),
  HEALTH_STABLE_AFTER: duration(10_000, 0),
  BACKUPS_TO_KEEP: count(3, 1, 100),

  OUTAGE_MIN_SESSIONS: count(6, 2, 10_000),
  OUTAGE_SHARE: z.coerce
    .number()
    .gt(0)
    .max(1)
    .default(1 / 3),
  MAX_CLEANINGS_PER_DAY: count(3, 0, 1000),
  RECONNECT_BASE_DELAY: duration(1_000, 1),
  RECONNECT_MAX_DELAY: duration(300_000, 1),
  /** When another login took this one's place: how long the one slow try waits. */
  REPLACED_RETRY_DELAY: duration(60_000, 1),
  MAX_LOGINS_PER_HOUR: count(60, 1, 100_000),
  MAX_CONCURRENT_LOGINS: count(4, 1, 1000),

  KEEP_ALIVE_INTERVAL: duration(30_000, 50, 600_000),
  SILENCE_TIMEOUT: duration(35_000, 100, 600_000),
  CONNECT_TIMEOUT: duration(20_000, 100, 120_000),
  /** How long a login waits for a sign that WhatsApp passes messages to this device. */
  HAND_OVER_WAIT: duration(5_000, 100, 60_000),
  QUERY_TIMEOUT: duration(15_000, 100, 120_000),
  QR_TIMEOUT: z.coerce.number().int().min(50).max(600_000).optional().meta({ unit: 'ms' }),
  /** How long send-message waits for WhatsApp's ack by itself; the existing client gives up at 10 s. */
  SEND_WAIT: duration(8_000, 0, 9_000),
  SEND_RATE_PER_MINUTE: count(30, 1, 1_000_000),
  SEND_BURST: count(20, 1, 1_000_000),
  MAX_IN_FLIGHT: count(16, 1, 1000),
  MESSAGE_TTL: duration(DAY, 1000, 30 * DAY),
  RESEND_WITHIN: duration(600_000, 1000, 3_600_000),
  LATE_ANSWER_WAIT: duration(2_000, 0, 60_000),
  FIRST_CONTACT_PAUSE: duration(3_600_000, 0, 7 * DAY),
  OUTBOX_LIMIT: count(10_000, 1, 1_000_000),
  MESSAGE_RETENTION_DAYS: days(7, 3650),
  EVENTS_KEPT: count(1_000, 10, 1_000_000),
  CLEAN_WAIT: duration(5_000, 0, 9_000),

  WEBHOOK_ALLOW_PRIVATE: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true'),
  WEBHOOK_TIMEOUT: duration(10_000, 100, 60_000),
  WEBHOOK_RETRY_BASE_DELAY: duration(5_000, 1),
  WEBHOOK_RETRY_MAX_DELAY: duration(3_600_000, 1),
  WEBHOOK_RETRY_FOR: duration(DAY, 100, 7 * DAY),
  WEBHOOK_BACKLOG: count(100_000, 10, 10_000_000),
  WEBHOOK_RETENTION_DAYS: days(7, 365),
  UNDELIVERED_AFTER: duration(600_000, 0, 7 * DAY),
});

export type Config = Readonly<z.infer<typeof schema>>;

/** The names of all variables, for `.env.example`'s test and for `doctor`-like listings. */
export const CONFIG_VARIABLES = Object.keys(schema.shape) as readonly (keyof Config)[];

export interface ConfigVariable {
  readonly name: keyof Config;
  /** What holds when nothing is set; undefined: nothing does. */
  readonly fallback?: string | number | boolean;
  readonly unit?: 'ms' | 'days';
  /** The smallest and the largest number that is taken, both included; for a number only. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** The words that are taken; for a word only. */
  readonly values?: readonly string[];
}

type Described = Omit<ConfigVariable, 'name' | 'fallback' | 'values'> & {
  readonly default?: ConfigVariable['fallback'];
  readonly enum?: readonly string[];
};

/** Every variable as the schema has it: for what is written about them. */
export function configVariables(): readonly ConfigVariable[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return CONFIG_VARIABLES.map((name) => {
    const { default: fallback, enum: values, ...rest } = properties[name] as Described;
    return { name, fallback, values, unit: rest.unit, minimum: rest.minimum, maximum: rest.maximum };
  });
}

/** Reads the configuration. An empty variable is an absent one. Throws ConfigError with one line per wrong variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given: unknown = Object.fromEntries(
    CONFIG_VARIABLES.map((name) => [name, environment[name]?.trim()]).filter(
      ([, value]) => value !== undefined && value !== '',
    ),
  );
  const result = schema.safeParse(given);
  if (!result.success) {
    throw new ConfigError(result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  const config = result.data;
  const problems: string[] = [];
  if (config.RECONNECT_MAX_DELAY < config.RECONNECT_BASE_DELAY) {
    problems.push('RECONNECT_MAX_DELAY is smaller than RECONNECT_BASE_DELAY');
  }
  if (config.WEBHOOK_RETRY_MAX_DELAY < config.WEBHOOK_RETRY_BASE_DELAY) {
    problems.push('WEBHOOK_RETRY_MAX_DELAY is smaller than WEBHOOK_RETRY_BASE_DELAY');
  }
  if (config.SILENCE_TIMEOUT <= config.KEEP_ALIVE_INTERVAL) {
    problems.push(
      'SILENCE_TIMEOUT must be longer than KEEP_ALIVE_INTERVAL, or every idle connection would be taken for dead',
    );
  }
  // Whatever is a folder in AUTH_DIR is an organization's.
  if (isInside(path.resolve(config.DATA_DIR), path.resolve(config.AUTH_DIR))) {
    problems.push('DATA_DIR must not lie inside AUTH_DIR, where each folder belongs to an organization');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function isInside(directory: string, parent: string): boolean {
  return directory === parent || directory.startsWith(parent.endsWith(path.sep) ? parent : parent + path.sep);
}

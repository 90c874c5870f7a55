/**
 * Ordinary configuration: what takes minutes with a real WhatsApp is short. RESEND_WITHIN stays at its 10 minutes
 * unless a plan says otherwise.
 */
export const ENVIRONMENT: Record<string, string> = {
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'info',
  RECONNECT_BASE_DELAY: '20',
  RECONNECT_MAX_DELAY: '200',
  MAX_LOGINS_PER_HOUR: '100000',
  MAX_CONCURRENT_LOGINS: '16',
  MAX_CLEANINGS_PER_DAY: '1000',
  KEEP_ALIVE_INTERVAL: '2000',
  SILENCE_TIMEOUT: '8000',
  QUERY_TIMEOUT: '10000',
  SEND_RATE_PER_MINUTE: '1000000',
  SEND_BURST: '1000000',
  LATE_ANSWER_WAIT: '100',
};

const DAY = 86_400_000;

/** For how long an idempotency key stands for its message, ms. */
export const IDEMPOTENCY_KEPT_MS = 7 * DAY;
/**
 * For how long a number's chat id is believed, ms; that it is not on WhatsApp is believed for less, for people do join.
 */
export const CHAT_KEPT_MS = 30 * DAY;
export const NO_CHAT_KEPT_MS = 3_600_000;
/** So many names of people who wrote are remembered for each organization, the latest. */
export const ACQUAINTANCES_KEPT = 20_000;

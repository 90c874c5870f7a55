import { BaileysSockets } from '../baileys/baileys-socket.js';
import { silenceLibsignalConsole } from '../baileys/libsignal-console.js';
import type { Config } from '../config.js';
import { OutageGuard } from '../health/outage-guard.js';
import { redact } from '../logger.js';
import { Dispatcher } from '../outbox/dispatcher.js';
import type { Part } from '../parts.js';
import { LoginGovernor } from '../session/login-governor.js';
import type { SessionHouse, SessionSettings } from '../session/session-house.js';
import { SessionDirectory } from '../session/session-directory.js';
import type { Rooms } from './rooms.js';
import { hearer, teller } from './stores.js';

/** What libraries print, and what they let fall. */
export const libraries: Part<Rooms> = {
  name: 'libraries',
  start: (rooms) => {
    const { logger } = rooms;
    rooms.restoreConsole = silenceLibsignalConsole(logger);
    rooms.onRejection = (error) => {
      // Baileys leaves some rejections unhandled (B#2311); they are logged, and the process lives on.
      const text = redact(error instanceof Error ? error.message : String(error));
      logger.warn({ event: 'unhandled_rejection' }, `A promise of a library was rejected and nobody listened: ${text}`);
    };
    process.on('unhandledRejection', rooms.onRejection);
  },
  stop: (rooms) => {
    process.off('unhandledRejection', rooms.onRejection);
    rooms.restoreConsole();
  },
};

export const sockets: Part<Rooms> = {
  name: 'sockets',
  start: (rooms) => {
    const { config } = rooms;
    rooms.sockets = new BaileysSockets({
      url: config.WA_WEBSOCKET_URL,
      version: config.WA_VERSION,
      keepAliveIntervalMs: config.KEEP_ALIVE_INTERVAL,
      silenceTimeoutMs: config.SILENCE_TIMEOUT,
      connectTimeoutMs: config.CONNECT_TIMEOUT,
      handOverWaitMs: config.HAND_OVER_WAIT,
      queryTimeoutMs: config.QUERY_TIMEOUT,
      qrTimeoutMs: config.QR_TIMEOUT,
    });
  },
};

/** The organizations' sessions; none logs in before `restoring`. */
export const sessions: Part<Rooms> = {
  name: 'sessions',
  start: (rooms) => {
    const { config } = rooms;
    rooms.sessions = new SessionDirectory(
      {
        sockets: rooms.sockets,
        keyStore: rooms.keyStore,
        register: rooms.register,
        logger: rooms.logger,
        governor: new LoginGovernor({
          loginsPerHour: config.MAX_LOGINS_PER_HOUR,
          concurrentLogins: config.MAX_CONCURRENT_LOGINS,
        }),
        outage: new OutageGuard({
          minSessions: config.OUTAGE_MIN_SESSIONS,
          share: config.OUTAGE_SHARE,
          windowMs: config.STREAM_ERROR_RESET_TIME,
        }),
        settings: sessionSettings(config),
        now: Date.now,
        random: Math.random,
        ...whatOthersKnow(rooms),
      },
      { qrWaitMs: config.CLEAN_WAIT },
    );
  },
  stop: (rooms) => rooms.sessions.shutdown(),
};

function sessionSettings(config: Config): SessionSettings {
  return {
    health: {
      bad_mac: { limit: config.BAD_MAC_ERROR_LIMIT, windowMs: config.BAD_MAC_RESET_TIME },
      badMacMinCustomers: config.BAD_MAC_MIN_CUSTOMERS,
      stream_error: { limit: config.STREAM_ERROR_LIMIT, windowMs: config.STREAM_ERROR_RESET_TIME },
      stableAfterMs: config.HEALTH_STABLE_AFTER,
    },
    cleaningsPerDay: config.MAX_CLEANINGS_PER_DAY,
    reconnect: {
      baseMs: config.RECONNECT_BASE_DELAY,
      maxMs: config.RECONNECT_MAX_DELAY,
      replacedRetryMs: config.REPLACED_RETRY_DELAY,
    },
  };
}

type Known = Pick<SessionHouse, 'explainsStreamError' | 'otherPhone' | 'sentContent' | 'tell' | 'hear'>;

/** What sessions ask of the outbox and the ledger. */
function whatOthersKnow(rooms: Rooms): Known {
  return {
    explainsStreamError: (id) => rooms.dispatcher.explainsStreamError(id),
    otherPhone: (id) => rooms.outbox.otherPhone(id),
    sentContent: (id, messageId) => rooms.outbox.contentOf(id, messageId),
    tell: teller(rooms),
    hear: hearer(rooms),
  };
}

/** What is sent; nothing is before `sending`. */
export const dispatcher: Part<Rooms> = {
  name: 'dispatcher',
  start: (rooms) => {
    const { config } = rooms;
    const tell = teller(rooms);
    rooms.dispatcher = new Dispatcher({
      outbox: rooms.outbox,
      carrier: rooms.sessions,
      settings: {
        perMinute: config.SEND_RATE_PER_MINUTE,
        burst: config.SEND_BURST,
        maxInFlight: config.MAX_IN_FLIGHT,
        resendWithinMs: config.RESEND_WITHIN,
        lateAnswerWaitMs: config.LATE_ANSWER_WAIT,
        firstContactPauseMs: config.FIRST_CONTACT_PAUSE,
        retentionMs: config.MESSAGE_RETENTION_DAYS * 86_400_000,
      },
      logger: rooms.logger,
      now: Date.now,
      random: Math.random,
      onOtherPhone: (id) => tell('session.attention', id, { code: 'other_phone', until: null }),
    });
  },
  stop: (rooms) => rooms.dispatcher.stop(),
};

export const sending: Part<Rooms> = {
  name: 'sending',
  start: (rooms) => rooms.dispatcher.start(),
};

/** Saved sessions log in, those whose messages wait first. */
export const restoring: Part<Rooms> = {
  name: 'restoring',
  start: async ({ sessions, outbox, logger, url }) => {
    await sessions.restoreAll(outbox.waitingOrganizations());
    if (sessions.count() > 0) return;
    logger.info(
      { event: 'no_organization_yet' },
      `No organization is known yet: POST ${url}/api/start-session {"organization_id":"1"}, ` +
        `then scan the QR of GET ${url}/api/qr/1?format=text.`,
    );
  },
  stop: ({ dispatcher, sessions }) => {
    dispatcher.stop();
    // Before all else that takes time: no message may be taken in that could not be answered any more.
    return sessions.shutdown();
  },
};

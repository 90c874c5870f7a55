/** Of the answers, what the story looks at. */

interface Counter {
  count: number;
  limit: number;
}

export interface StatusAnswer {
  status: string;
  phone_number: string | null;
  last_disconnect: { code: number | null; reason: string } | null;
  health: {
    verdict: string;
    counters: { bad_mac: Counter; stream_error: Counter };
    cleanings_24h: number;
    cleanings_limit: number;
  };
}

export interface SentAnswer {
  success: boolean;
  message_id: string;
  /** `sent`: WhatsApp has it; `queued` or `sending`: it is stored and on its way. */
  status: string;
}

export interface MessageAnswer {
  status: string;
  attempts: number;
}

export interface BackupsAnswer {
  backups: { name: string; reason: string; phone_number: string | null }[];
}

/** What the emulator wrote down. */
export interface RecordAnswer {
  totals: { registrations: number; logins: number };
  receipts: { id: string; type: string }[];
}

export interface CustomerAnswer {
  messages: { id: string; text: string }[];
}

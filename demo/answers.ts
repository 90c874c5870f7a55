/** Of the emulator's answers, what the story looks at. */

/** What the emulator wrote down. */
export interface RecordAnswer {
  totals: { registrations: number; logins: number };
  receipts: { id: string; type: string }[];
}

export interface CustomerAnswer {
  messages: { id: string; text: string }[];
}

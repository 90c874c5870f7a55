export interface BaileysOptions {
  /** `wss://web.whatsapp.com/ws/chat`, or the emulator. */
  readonly url: string;
  /** WhatsApp Web's version to announce; Baileys' own when undefined. Never fetched. */
  readonly version: [number, number, number] | undefined;
  /** All in ms. */
  readonly keepAliveIntervalMs: number;
  readonly silenceTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  /** How long a login waits for the first of what had waited for this device, after WhatsApp's answer to `active`. */
  readonly handOverWaitMs: number;
  /** How long each QR is shown; WhatsApp's own times (60 s the first, 20 s each further one) when undefined. */
  readonly qrTimeoutMs?: number | undefined;
}

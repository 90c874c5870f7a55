/**
 * `npm run emulator`: WhatsApp alone, beside a service in another process. PORT (9090) and CONTROL_PORT (9091) may be
 * set.
 */
import { DEFAULT_PHONE } from './control.js';
import { startEmulator } from './emulator.js';

function portFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (!text) return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error(`${name} must be a port number, not "${text}"`);
    process.exit(1);
  }
  return port;
}

const port = portFrom('PORT', 9090);
const control = { port: portFrom('CONTROL_PORT', 9091) };
const emulator = await startEmulator({ port, control }).catch((error: Error) => {
  console.error(`The emulator could not start: ${error.message}`);
  process.exit(1);
});

const url = emulator.controlUrl;
console.log(`WhatsApp emulator
  websocket   ${emulator.url}      (the service's WA_WEBSOCKET_URL)
  control     ${url}

Scan a QR (its text as the body), as the phone ${DEFAULT_PHONE}:
  curl -X POST '${url}/admin/mock-phone/scan-qr?phone=${DEFAULT_PHONE}' --data-binary 'QR TEXT'
Write as a customer, and see what the customer got:
  curl -X POST ${url}/admin/customers/573004445566/write -d '{"to":"${DEFAULT_PHONE}","text":"hello"}'
  curl ${url}/admin/customers/573004445566/messages
Break something:
  curl -X POST ${url}/admin/mishaps/badMac -d '{"org":"${DEFAULT_PHONE}","n":3,"type":"msg"}'
  curl -X POST ${url}/admin/mishaps/streamError -d '{"org":"${DEFAULT_PHONE}","tag":"ack"}'
Everything else:
  curl ${url}/
Ctrl+C ends it.`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void emulator.stop().then(() => process.exit(0));
  });
}

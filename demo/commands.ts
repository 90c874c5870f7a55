import { CUSTOMER, PHONE, type Scene } from './scene.js';

export interface TryThis {
  readonly what: string;
  readonly lines: readonly string[];
}

/** What somebody can type while the demo stays up: whole lines, each of which works by itself. */
export function commands({ url, key, controlUrl }: Scene): TryThis[] {
  const asked = (method: 'GET' | 'POST', path: string, body?: object): string =>
    [
      `curl -sw '\\n' ${method === 'POST' && body === undefined ? '-X POST ' : ''}'${url}${path}'`,
      `-H 'x-api-key: ${key}'`,
      ...(body === undefined ? [] : ["-H 'content-type: application/json'", `-d '${JSON.stringify(body)}'`]),
    ].join(' ');
  const control = (path: string, data?: string): string =>
    `curl -s '${controlUrl}${path}'${data === undefined ? '' : ` -d ${data}`}`;
  const write = (text: string): string =>
    control(`/admin/customers/${CUSTOMER}/write`, `'{"to":"${PHONE}","text":"${text}"}'`);
  const organization = { organization_id: '2' };

  return [
    { what: 'How is it?', lines: [asked('GET', '/api/status/2')] },
    {
      what: 'Send a message, and see what the customer read',
      lines: [
        asked('POST', '/api/send-message', { ...organization, phone: CUSTOMER, message: 'Your table is reserved.' }),
        control(`/admin/customers/${CUSTOMER}/messages`),
      ],
    },
    { what: 'What became of the messages', lines: [asked('GET', '/api/messages?organization_id=2')] },
    { what: 'Write as the customer', lines: [write('Is there a place to park?')] },
    {
      what: 'Corrupt it: the MAC of the next three messages is broken, and the customer writes three',
      lines: [
        control('/admin/mishaps/badMac', `'{"org":"${PHONE}","n":3}'`),
        `for n in 1 2 3; do ${write("message '$n'")}; done`,
      ],
    },
    {
      what: 'Send a message all the same: it is accepted, waits, and leaves after the scan',
      lines: [
        asked('POST', '/api/send-message', {
          ...organization,
          phone: CUSTOMER,
          message: 'See you on Monday.',
          wait_ms: 0,
          idempotency_key: 'booking-17-confirmation',
        }),
      ],
    },
    {
      what: 'Scan the QR that it shows now, with the emulated phone',
      lines: [
        `${asked('GET', '/api/qr/2')} | grep -o 'data:image[^"]*' | curl -s ` +
          `'${controlUrl}/admin/mock-phone/scan-qr?phone=${PHONE}' --data-binary @-`,
      ],
    },
    { what: 'Clean it by hand', lines: [asked('POST', '/api/force-clean-session', organization)] },
    {
      what: 'Bring back what a cleaning set aside: no scan is needed',
      lines: [asked('GET', '/api/backups/2'), asked('POST', '/api/restore-session', organization)],
    },
    { what: 'What else the emulated WhatsApp can do', lines: [`curl -s '${controlUrl}/'`] },
  ];
}

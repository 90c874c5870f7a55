/** Part 5: how long a cleaning takes. */
import { median, phoneOf } from './numbers.js';
import type { PartResult, Sizes } from './parts.js';
import { acquaint, serviceWith, type House } from './sides.js';

export async function cleaning(house: House, sizes: Sizes): Promise<PartResult> {
  const organizations = Array.from({ length: Math.min(5, Math.max(2, sizes.rounds)) }, (_, index) => index);
  const side = await serviceWith(house, 'cleaning', organizations);
  const customers = await acquaint(house.emulator, organizations, 1);
  const fromFault: number[] = [];
  const fromWrite: number[] = [];
  for (const organization of organizations) {
    const org = String(organization);
    const from = customers[organization]?.[0] as string;
    await house.emulator.ask('badMac', { org: phoneOf(organization), n: 3 });
    let written = 0;
    for (let count = 1; count <= 3; count++) {
      written = Date.now();
      await house.emulator.ask('write', { from, to: phoneOf(organization), wait: false });
      await side.events('fault_counted', count, org);
    }
    const [, , third] = await side.events('fault_counted', 3, org);
    const [qr] = await side.events('qr_ready', 1, org);
    fromFault.push(Date.parse(qr?.time ?? '') - Date.parse(third?.time ?? ''));
    fromWrite.push(Date.parse(qr?.time ?? '') - written);
  }
  await side.stop();
  return {
    title: '5. From the third Bad MAC to the new QR',
    columns: ['', 'median ms', 'slowest ms'],
    rows: [
      ['counted -> QR ready', Math.round(median(fromFault)), Math.max(...fromFault)],
      ["customer's message leaves -> QR ready", Math.round(median(fromWrite)), Math.max(...fromWrite)],
    ],
    targets: [],
  };
}

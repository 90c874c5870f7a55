import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import PQueue from 'p-queue';

/** How long a name server may take, and how often it is asked, ms: within the time that a whole delivery has. */
const DNS_TIMEOUT_MS = 2000;
const DNS_TRIES = 2;

/**
 * These errors mean that the name servers answered, or that there are none: the name may still stand in a file, or
 * need a search domain.
 */
const NOT_IN_DNS = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED', 'EBADNAME']);

/**
 * What names stand for, asked anew for each connection. Name servers are asked directly: the system's own lookup
 * holds one of the process' few threads for as long as a dead name server lets it wait, and files, keys and
 * WhatsApp's own name would wait with it. It is asked for the rest (files, search domains), one name at a time.
 */
export function receiverLookup(): LookupFunction {
  const resolver = new dns.promises.Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  const system = new PQueue({ concurrency: 1 });

  async function addresses(hostname: string): Promise<dns.LookupAddress[]> {
    if (/^(.+\.)?localhost\.?$/i.test(hostname)) return askSystem(hostname);
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [
      ...(ipv4.status === 'fulfilled' ? ipv4.value.map((address) => ({ address, family: 4 })) : []),
      ...(ipv6.status === 'fulfilled' ? ipv6.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (found.length > 0) return found;
    const failures = [ipv4, ipv6].flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    const silent = failures.find((error) => !NOT_IN_DNS.has((error as NodeJS.ErrnoException).code ?? ''));
    if (silent !== undefined) throw silent as Error;
    return askSystem(hostname);
  }

  function askSystem(hostname: string): Promise<dns.LookupAddress[]> {
    return system.add(() => dns.promises.lookup(hostname, { all: true }));
  }

  return (hostname, options, callback) => {
    addresses(hostname).then(
      (found) => {
        const [first] = found;
        if (options.all) callback(null, found);
        else if (first) callback(null, first.address, first.family);
        else callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, ''),
    );
  };
}

import net from 'node:net';

/** As long as browsers and proxies take. */
const MAX_URL_LENGTH = 2048;

/** What is wrong about a receiver's address. */
export type UrlProblem = 'url' | 'private_address';

/**
 * IPv4 that is nobody's on the internet: this network, private, shared, loopback, link-local (with the clouds'
 * metadata), tests, multicast, reserved.
 */
const NOT_PUBLIC_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/**
 * Of IPv6 only this is in use on the internet, but for these parts: Teredo and other tunnels, documentation, 6to4.
 * Mapped IPv4 is not in it.
 */
const PUBLIC_IPV6 = ['2000::', 3] as const;
const NOT_PUBLIC_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const closed = new net.BlockList();
for (const [address, prefix] of NOT_PUBLIC_IPV4) closed.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of NOT_PUBLIC_IPV6) closed.addSubnet(address, prefix, 'ipv6');
const open6 = new net.BlockList();
open6.addSubnet(...PUBLIC_IPV6, 'ipv6');

/** Whether an IP address is one of the internet. Anything that is no IP address is not. */
export function isPublicAddress(address: string): boolean {
  switch (net.isIP(address)) {
    case 4:
      return !closed.check(address, 'ipv4');
    case 6:
      return !address.includes('%') && open6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
    default:
      return false;
  }
}

/**
 * Reads the address of a receiver. Only what can be seen without asking anybody is judged here; what a name stands
 * for is looked at when a connection is made, each time anew.
 * @returns the address as it is kept (numbers like 0x7f000001 have become what they mean), or what is wrong
 */
export function readReceiverUrl(text: string, allowPrivate: boolean): { url: string } | { problem: UrlProblem } {
  if (text.length > MAX_URL_LENGTH || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return { problem: 'url' };
  const url = new URL(text);
  // A key belongs into a header that we do not send, or into the path; in front of the host it would stand in logs of
  // proxies.
  if (url.username !== '' || url.password !== '') return { problem: 'url' };
  url.hash = '';
  if (url.href.length > MAX_URL_LENGTH) return { problem: 'url' };
  if (!allowPrivate && isPrivateHost(url.hostname)) return { problem: 'private_address' };
  return { url: url.href };
}

function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (net.isIP(host)) return !isPublicAddress(host);
  return /^(.+\.)?localhost$/i.test(host);
}

/** Whom an IP address counts for in rate limits. */

/**
 * @param address an IP literal
 * @returns an IPv4 address itself (also when mapped into IPv6), and the first 64 bits of an IPv6 address: one
 *   subscriber has the rest to choose from (RFC 6177)
 */
export function addressBlock(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1];
  if (!address.includes(":")) return address;
  const [head, tail] = address.toLowerCase().split("%")[0].split("::");
  const groups = (part: string | undefined) => part ? part.split(":") : [];
  const start = groups(head);
  const end = groups(tail);
  const full = tail === undefined
    ? start
    : [...start, ...Array.from({ length: Math.max(0, 8 - start.length - end.length) }, () => "0"), ...end];
  return `${full.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}

/**
 * Whose request it is: the peer, or, behind a proxy that the operator trusts by name, the address that the
 * proxy saw.
 */

/**
 * @param peer of the TCP connection
 * @param forwardedFor the `X-Forwarded-For` header; its last entries were written by the proxies, the first
 *   ones by anyone
 * @param trusted addresses of proxies (`QPQ_TRUST_PROXY`); empty: the header is ignored
 * @returns the first address from the right that is no trusted proxy
 */
export function clientAddress(
  peer: Deno.NetAddr,
  forwardedFor: string | null,
  trusted: readonly string[],
): Deno.NetAddr {
  if (forwardedFor === null || !trusted.includes(plain(peer.hostname))) return peer;
  const hops = forwardedFor.split(",").map((hop) => plain(hop.trim()));
  const client = hops.reverse().find((hop) => !trusted.includes(hop));
  return client !== undefined && isAddress(client) ? { ...peer, hostname: client, port: 0 } : peer;
}

/** Without brackets, port, and the prefix of an IPv4 address in IPv6. */
function plain(address: string): string {
  const bare = address.match(/^\[([^\]]+)\](?::\d+)?$/)?.[1] ?? address.match(/^([\d.]+):\d+$/)?.[1] ?? address;
  return bare.replace(/^::ffff:(?=[\d.]+$)/i, "").toLowerCase();
}

/** @returns whether a text is an IP literal */
export function isAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text.split(".").every((part) => Number(part) <= 255);
  return text.includes(":") && URL.canParse(`http://[${text}]/`);
}

/** Reads IP literals with ipaddr.js (docs/decisions/024): one reading for limits, proxies and the gateway's prefix. */

import ipaddr from "ipaddr.js";

/**
 * @param text an IP literal without brackets and port; IPv6 may have a zone, which is dropped
 * @returns the address, an IPv4 one also when it is mapped into IPv6 (RFC 4291 §2.5.5.2); undefined for any
 *   other text, IPv4 with fewer than four decimal parts included
 */
export function parseIpAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  const [literal] = text.split("%");
  if (!ipaddr.IPv6.isValid(literal)) return undefined;
  const address = ipaddr.IPv6.parse(literal);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

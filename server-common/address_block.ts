/** Whom an IP address counts for in limits. */

import ipaddr from "ipaddr.js";
import { parseIpAddress } from "../schema/ip_address.ts";

/**
 * @param address an IP literal
 * @returns an IPv4 address itself (also when it is mapped into IPv6), and the first 64 bits of an IPv6 address:
 *   one subscriber has the rest to choose from (RFC 6177)
 */
export function addressBlock(address: string): string {
  const parsed = parseIpAddress(address);
  if (parsed instanceof ipaddr.IPv6) {
    return `${parsed.parts.slice(0, 4).map((group) => group.toString(16)).join(":")}::/64`;
  }
  return parsed?.toString() ?? address;
}

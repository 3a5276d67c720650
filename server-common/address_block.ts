/** Maps an IP address to the address block for which limits count it. */

import ipaddr from "ipaddr.js";
import { parseIpAddress } from "../schema/ip_address.ts";

/**
 * @param address an IP literal
 * @returns an IPv4 address itself (also when it is mapped into IPv6), or the first 64 bits of an IPv6
 *   address, because one subscriber can choose the rest (RFC 6177)
 */
export function addressBlock(address: string): string {
  const parsed = parseIpAddress(address);
  if (parsed instanceof ipaddr.IPv6) {
    return `${parsed.parts.slice(0, 4).map((group) => group.toString(16)).join(":")}::/64`;
  }
  return parsed?.toString() ?? address;
}

/** Maps an IP address to the address blocks for which limits count it. */

import ipaddr from "ipaddr.js";
import { parseIpAddress } from "../schema/ip_address.ts";

/** An address block, and how many times a single subscriber's limit it may use. */
export interface AddressBlock {
  block: string;
  /** 1 for the narrowest block of an address. */
  share: number;
}

/**
 * The blocks of IPv6 that one party may hold: a subscriber gets a /64, a /56 or a whole /48 (RFC 6177). A /56 has 256
 * of the first and a /48 65,536, so each of the wider ones has a limit of its own. Behind a wide block may be many
 * subscribers, so it is a larger one.
 */
const widths = [{ bits: 64, share: 1 }, { bits: 56, share: 4 }, { bits: 48, share: 16 }];
/** Every call asks several times for the blocks of its address. To parse one costs more than the rest of a limit. */
const known = new Map<string, AddressBlock[]>();
const rememberedAddresses = 4_096;

/**
 * @param address an IP literal
 * @returns an IPv4 address itself (also when it is mapped into IPv6), or the first 64 bits of an IPv6
 *   address, because one subscriber can choose the rest (RFC 6177)
 */
export function addressBlock(address: string): string {
  return addressBlocks(address)[0].block;
}

/**
 * @param address an IP literal
 * @returns the blocks that the address is in and that limits count, from the narrowest to the widest: one for IPv4,
 *   the /64, the /56 and the /48 for IPv6; not to be changed, because the next who asks gets the same
 */
export function addressBlocks(address: string): AddressBlock[] {
  const found = known.get(address);
  if (found) return found;
  const blocks = parseBlocks(address);
  // From the network an address is short. Whoever uses many makes them all be parsed again, as without the map.
  if (known.size >= rememberedAddresses) known.clear();
  known.set(address, blocks);
  return blocks;
}

function parseBlocks(address: string): AddressBlock[] {
  const parsed = parseIpAddress(address);
  if (!(parsed instanceof ipaddr.IPv6)) return [{ block: parsed?.toString() ?? address, share: 1 }];
  return widths.map(({ bits, share }) => ({ block: blockOf(parsed.parts, bits), share }));
}

function blockOf(parts: number[], bits: number): string {
  const groups = parts.slice(0, 4);
  for (let index = 0; index < groups.length; index++) {
    const kept = Math.min(16, Math.max(0, bits - 16 * index));
    groups[index] &= (0xffff << (16 - kept)) & 0xffff;
  }
  return `${groups.map((group) => group.toString(16)).join(":")}::/${bits}`;
}

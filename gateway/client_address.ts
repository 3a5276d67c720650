/** The client address of a request: the TCP peer's, or the one that a trusted proxy reports. */

import { parseIpAddress } from "../schema/ip_address.ts";

/**
 * @param peer the other end of the TCP connection
 * @param forwardedFor the `X-Forwarded-For` header; its last entries were written by the proxies, the first
 *   ones by anyone
 * @param trusted addresses of proxies (`QPQ_TRUST_PROXY`) in the form of {@link canonicalAddress}; empty: the
 *   header is ignored
 * @returns the first address from the right that is no trusted proxy
 */
export function clientAddress(
  peer: Deno.NetAddr,
  forwardedFor: string | null,
  trusted: readonly string[],
): Deno.NetAddr {
  const isTrusted = (address: string | undefined) => address !== undefined && trusted.includes(address);
  if (forwardedFor === null || !isTrusted(canonicalAddress(peer.hostname))) return peer;
  const hops = forwardedFor.split(",").map((hop) => canonicalAddress(withoutPort(hop.trim())));
  const client = hops.findLast((hop) => !isTrusted(hop));
  return client === undefined ? peer : { ...peer, hostname: client, port: 0 };
}

/** @returns an IP literal in the form of RFC 5952, mapped IPv4 as IPv4; undefined for any other text */
export function canonicalAddress(text: string): string | undefined {
  return parseIpAddress(text)?.toString();
}

function withoutPort(hop: string): string {
  return hop.match(/^\[([^\]]+)\](?::\d+)?$/)?.[1] ?? hop.match(/^([\d.]+):\d+$/)?.[1] ?? hop;
}

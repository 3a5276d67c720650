/**
 * How a gateway proves itself to the core, and the client address that it then puts before each stream
 * (specification §5.2, §5.3).
 *
 * The first bidirectional stream of a gateway's connection: the gateway writes the 5 bytes {@link
 * gatewayHello}, the core answers with a 32-byte nonce, the gateway writes {@link admissionMac} (32 bytes)
 * and FIN, the core answers the one byte {@link admissionGranted} and FIN, or closes the connection. A
 * client's first stream can not be mistaken for this: a Cap'n Proto frame that begins with these bytes would
 * claim more than a billion segments.
 */

import type { Bytes } from "./bytes.ts";
import { parseIpAddress } from "./ip_address.ts";

/** "qpqg" and version 1. */
export const gatewayHello: Bytes = new Uint8Array([0x71, 0x70, 0x71, 0x67, 1]);
export const admissionNonceLength = 32;
export const admissionMacLength = 32;
export const admissionGranted = 1;

/** Length in bytes of the address that precedes every stream of an admitted gateway connection. */
export const clientAddressLength = 20;

const label = new TextEncoder().encode("qpq/1 gateway");

/**
 * HMAC-SHA-256(secret, "qpq/1 gateway" ‖ nonce ‖ pin).
 *
 * @param secret the shared `QPQ_GATEWAY_SECRET`, at least 32 bytes
 * @param nonce 32 bytes from the core
 * @param pin 32 bytes: the pin of the certificate the gateway verified, so that an admission can not be
 *   relayed to another core
 * @returns 32 bytes
 */
export async function admissionMac(
  secret: Bytes,
  nonce: Uint8Array,
  pin: Uint8Array,
): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const message = new Uint8Array(label.length + nonce.length + pin.length);
  message.set(label);
  message.set(nonce, label.length);
  message.set(pin, label.length + nonce.length);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

/** A browser's address as the gateway sees it; `address` is an IPv4 or IPv6 literal. */
export interface ClientAddress {
  address: string;
  port: number;
}

/**
 * Encodes `{u8 version = 1, u8 family, 16-byte address, u16 port}`; family is 4 or 6, an IPv4 address stands
 * in the first 4 bytes, integers are big-endian.
 *
 * @returns 20 bytes
 * @throws RangeError when the address is no literal of either family
 */
export function encodeClientAddress({ address, port }: ClientAddress): Bytes {
  const bytes = new Uint8Array(clientAddressLength);
  bytes[0] = 1;
  const parsed = parseIpAddress(address);
  if (!parsed) throw new RangeError("client address: not an IP literal");
  bytes[1] = parsed.kind() === "ipv4" ? 4 : 6;
  bytes.set(parsed.toByteArray(), 2);
  new DataView(bytes.buffer).setUint16(18, port);
  return bytes;
}

/**
 * Decodes what {@link encodeClientAddress} wrote.
 *
 * @param bytes 20 bytes
 * @throws RangeError on another version, family or length
 */
export function decodeClientAddress(bytes: Uint8Array): ClientAddress {
  if (bytes.length !== clientAddressLength || bytes[0] !== 1) throw new RangeError("client address: unknown version");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const port = view.getUint16(18);
  if (bytes[1] === 4) return { address: bytes.slice(2, 6).join("."), port };
  if (bytes[1] !== 6) throw new RangeError("client address: unknown family");
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(2 + 2 * index).toString(16));
  return { address: groups.join(":"), port };
}

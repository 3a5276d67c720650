/** The SETTINGS of HTTP/3 (RFC 9114 §7.2.4) that WebTransport needs. */
import { h3Code, Http3Error } from "./error_codes.ts";
import { decodeVarint, encodeVarint } from "./varint.ts";

/**
 * The settings that this server announces. Several drafts use different ids for the same setting. Chromium
 * 156 and Firefox ESR 153 accept this set.
 */
const ourSettings: readonly (readonly [id: number, value: number])[] = [
  [0x01, 0], // QPACK_MAX_TABLE_CAPACITY (RFC 9204 §5)
  [0x07, 0], // QPACK_BLOCKED_STREAMS
  [0x08, 1], // ENABLE_CONNECT_PROTOCOL (RFC 9220 §3)
  [0x33, 1], // H3_DATAGRAM (RFC 9297 §2.1.1)
  [0xffd277, 1], // H3_DATAGRAM of draft-04, which Chromium still looks for
  [0x2b603742, 1], // ENABLE_WEBTRANSPORT of draft-ietf-webtrans-http3-02
  [0xc671706a, 1], // WEBTRANSPORT_MAX_SESSIONS of draft-07
];

/** Ids of HTTP/2 that HTTP/3 forbids (RFC 9114 §7.2.4.1). */
const forbiddenIds = new Set([0x00, 0x02, 0x03, 0x04, 0x05]);
const booleanIds = new Set([0x08, 0x33]);

/** @returns the payload of this server's SETTINGS frame */
export function encodeSettings(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(ourSettings.flatMap(([id, value]) => [...encodeVarint(id), ...encodeVarint(value)]));
}

/**
 * Reads a peer's SETTINGS payload.
 *
 * @returns value by id
 * @throws Http3Error H3_SETTINGS_ERROR for a forbidden or repeated id or a value out of range, H3_FRAME_ERROR
 *   when the payload ends inside a pair
 */
export function decodeSettings(payload: Uint8Array): Map<number, number> {
  const settings = new Map<number, number>();
  for (let offset = 0; offset < payload.length;) {
    const id = decodeVarint(payload, offset);
    const value = id && decodeVarint(payload, offset + id.length);
    if (!id || !value) throw new Http3Error(h3Code.frameError, "SETTINGS end inside a pair");
    offset += id.length + value.length;
    if (forbiddenIds.has(id.value) || settings.has(id.value)) {
      throw new Http3Error(h3Code.settingsError, `setting 0x${id.value.toString(16)}`);
    }
    if (booleanIds.has(id.value) && value.value > 1) {
      throw new Http3Error(h3Code.settingsError, `setting 0x${id.value.toString(16)} is 0 or 1`);
    }
    settings.set(id.value, value.value);
  }
  return settings;
}

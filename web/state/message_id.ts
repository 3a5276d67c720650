/** The id of a message on the wire, made where it is written: a repeated call sends nothing twice. */

const idBytes = 16;

/** @returns 16 random bytes as hex */
export function randomMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idBytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

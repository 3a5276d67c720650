/**
 * Wraps DER in PEM with lines of 64 characters (RFC 7468).
 *
 * @param label e.g. "CERTIFICATE" or "PRIVATE KEY"
 */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...der)).replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

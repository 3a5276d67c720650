/** The security headers of every answer: the page loads and runs no foreign code, and can not be framed. */

/** Features of the browser that no script in the page may use (W3C Permissions Policy). Voice messages are recorded. */
const withheld = [
  "accelerometer",
  "camera",
  "display-capture",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "midi",
  "payment",
  "usb",
];

/** For a year after a visit over HTTPS, a browser does not request the page over plain HTTP (RFC 6797). */
const strictTransport = "max-age=31536000";

/**
 * @param webTransportOrigin `https://HOST:PORT` of the gateway's WebTransport: CSP compares the port, so
 *   'self' alone would block it
 * @param isPublicHttps whether the page came over HTTPS under the public name; never for localhost, because
 *   the rule would also apply to its other servers
 */
export function securityHeaders(webTransportOrigin: string, isPublicHttps: boolean): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    // Players read from the service worker, and a hidden frame saves what it streams (web/media/).
    "media-src 'self' blob:",
    "frame-src 'self'",
    "font-src 'self'",
    `connect-src 'self' ${webTransportOrigin}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types default",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": [...withheld.map((feature) => `${feature}=()`), "microphone=(self)"].join(", "),
    ...(isPublicHttps && { "strict-transport-security": strictTransport }),
  };
}

/** What each role may do in the container image, as the permission sets of its deno.json. */

/** Let's Encrypt names its hosts in its directory; all of them are under these two. */
export const letsEncrypt = ["acme-v02.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"];

/** The sockets of QUIC connections that a role opens itself. */
export const ownSockets = ["0.0.0.0:0", "[::]:0"];

/**
 * Of the roles in the image: the sets of its deno.json. Addresses are those of compose.yaml, which names
 * other authorities than Let's Encrypt itself.
 */
export const imagePermissions = {
  // Serves QUIC and metrics, asks itself for its health, and connects to nobody else. It reads its
  // certificate, secrets and database, and loads SQLite's native library.
  server: {
    net: ["[::]:7443", "0.0.0.0:7443", "127.0.0.1:7443", "0.0.0.0:9464", "127.0.0.1:9464", ...ownSockets],
    env: ["QPQ_*"],
    read: ["/app", "/data", "/link", "/keys", "/core-tls", "/backup"],
    write: ["/data", "/backup"],
    // How full its disk is, and which of its threads come last.
    sys: ["statfs", "setPriority"],
    ffi: ["/app/node_modules/better-sqlite3-multiple-ciphers/prebuilds"],
  },
  // The operator's commands: `health` and `status` ask the core, and `status` the gateway, too. They serve nothing.
  operator: {
    net: ["127.0.0.1:7443", "127.0.0.1:9464", "gateway:9465", ...ownSockets],
    env: ["QPQ_*"],
    read: ["/app", "/data", "/link", "/keys", "/core-tls", "/backup"],
    write: ["/data", "/backup"],
    sys: ["statfs"],
    ffi: ["/app/node_modules/better-sqlite3-multiple-ciphers/prebuilds"],
  },
  // It knows the core's address and certificate, never its data: no FFI, and no folder of the core's. All of
  // the environment, because acme-client's HTTP client looks through it for a proxy: compose.yaml alone puts
  // something there, and no secret.
  gateway: {
    net: [
      "[::]:80",
      "[::]:443",
      "[::]:8080",
      "[::]:4433",
      "0.0.0.0:80",
      "0.0.0.0:443",
      "0.0.0.0:8080",
      "0.0.0.0:4433",
      "0.0.0.0:9465",
      "127.0.0.1:443",
      "127.0.0.1:8080",
      "core:7443",
      ...ownSockets,
      ...letsEncrypt,
    ],
    env: true,
    read: ["/app", "/data", "/link", "/tls"],
    write: ["/data"],
  },
  // What the first start makes: keys and certificates, no network at all.
  setup: { env: ["QPQ_*"], read: ["/app", "/data", "/link", "/keys", "/core-tls"], write: ["/data", "/link", "/keys"] },
  // Runs as root with the right to change owners, and nothing else.
  folders: { read: ["/app", "/backup"], write: ["/backup"] },
};

/**
 * What each role may do in the Debian package, as the permission sets of its deno.json. Addresses are the settings'
 * (`QPQ_ALLOW_NET` of the units); the users and the units of systemd bound the rest once more.
 */

import { ownSockets } from "../containers/image_permissions.mjs";

const app = "/usr/lib/quicproquo/app";
const data = "/var/lib/quicproquo";
const sqlite = [`${app}/node_modules/better-sqlite3-multiple-ciphers/prebuilds`];
const core = {
  env: ["QPQ_*"],
  read: [app, `${data}/core`, `${data}/link`, `${data}/keys`, "/etc/quicproquo", "/var/backups/quicproquo"],
  sys: ["statfs"],
  ffi: sqlite,
};

export const packagePermissions = {
  server: { ...core, sys: [...core.sys, "setPriority"], write: [`${data}/core`] },
  // What an operator names on the command line is theirs: restore and backup go wherever user qpq-core may.
  operator: { ...core, net: ["127.0.0.1", "[::1]", ...ownSockets], read: true, write: true },
  gateway: {
    // acme-client's HTTP client looks through the environment for a proxy.
    env: true,
    read: [app, `${data}/gateway`, `${data}/link`, "/etc/quicproquo", "/etc/letsencrypt"],
    write: [`${data}/gateway`],
  },
  setup: {
    env: ["QPQ_*"],
    read: [app, `${data}/core`, `${data}/link`, `${data}/keys`, "/etc/quicproquo"],
    write: [`${data}/core`, `${data}/link`, `${data}/keys`],
  },
};

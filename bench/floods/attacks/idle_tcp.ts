/** Idle TCP connections to the HTTP port. */

import { connect } from "node:net";
import type { Attack } from "../attack.ts";
import { keepConnections } from "../connections.ts";

const addresses = 8;

export const attack: Attack = {
  what: "1,000 idle TCP connections from eight addresses to the HTTP port, made again whenever one ends",
  run: ({ httpPort: port }, signal) =>
    keepConnections({
      connections: 1_000,
      pauseMs: 5,
      connect: (index) => connect({ host: "127.0.0.1", port, localAddress: `127.0.1.${index % addresses + 1}` }),
    }, signal),
};

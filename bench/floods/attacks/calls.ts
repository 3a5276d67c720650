/** One address floods the gateway with calls over WebTransport and `/rpc`. */

import { startFlood } from "../../../gateway/testing/flood.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  what: "one address calls as fast as it can, half of it garbage, over WebTransport and `/rpc`",
  async run({ httpPort, webTransportPort, gatewayCertificate }, signal) {
    const flood = await startFlood({
      from: "127.0.2.1",
      httpPort,
      webTransportPort,
      certificate: gatewayCertificate,
    });
    await flood.toggle();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await flood.end();
  },
};

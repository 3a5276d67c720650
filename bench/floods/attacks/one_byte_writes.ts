/** Calls that come in packets of one byte each. */

import { connect } from "../../../server-core/testing/quic.ts";
import type { Attack } from "../attack.ts";
import { pause } from "../pause.ts";

const calls = 96;

export const attack: Attack = {
  what: "one address, nobody signed in, sends 96 calls of 240 kB to the core byte by byte",
  async run({ core, coreCertificate }, signal) {
    const start = new Uint8Array(8);
    new DataView(start.buffer).setUint32(4, 30_000, true);
    while (!signal.aborted) {
      const connection = await connect(core, coreCertificate, "capnp", "127.0.2.1").catch(() => undefined);
      if (!connection) {
        await pause(200, signal);
        continue;
      }
      const drip = async () => {
        const { writable } = await connection.conn.createBidirectionalStream({ waitUntilAvailable: true });
        const writer = writable.getWriter();
        await writer.write(start);
        while (!signal.aborted) {
          await writer.write(Uint8Array.of(1));
          await pause(1, signal);
        }
      };
      const again = async () => {
        let isOver = false;
        void connection.conn.closed.catch(() => {}).finally(() => isOver = true);
        while (!signal.aborted && !isOver) await drip().catch(() => pause(50, signal));
      };
      await Promise.all(Array.from({ length: calls }, again));
      connection.close();
    }
  },
};

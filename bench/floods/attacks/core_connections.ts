/** One address makes as many connections to the core as it gets, and holds them. */

import { encodeCall, noAuth } from "../../../schema/rpc/calls_and_returns.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { connect, type Connection } from "../../../server-core/testing/quic.ts";
import type { Attack } from "../attack.ts";
import { pause } from "../pause.ts";

const atMost = 2_000;
const atOnce = 16;
const half = encodeCall(delivery.health, {}, noAuth).slice(0, 20);

export const attack: Attack = {
  what: "one address opens up to 2,000 connections to the core, with 20 half-sent calls on each",
  async run({ core, coreCertificate }, signal) {
    const held = new Set<Connection>();
    const more = async () => {
      while (!signal.aborted) {
        if (held.size >= atMost) await pause(200, signal);
        const connection = await connect(core, coreCertificate, "capnp", "127.0.2.1").catch(() => undefined);
        if (!connection) {
          await pause(50, signal);
          continue;
        }
        held.add(connection);
        void connection.conn.closed.catch(() => {}).finally(() => {
          held.delete(connection);
          connection.close();
        });
        for (let begun = 0; begun < 20; begun++) void begin(connection).catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: atOnce }, more));
    for (const { close } of held) close();
  },
};

async function begin({ conn }: Connection): Promise<void> {
  const { writable } = await conn.createBidirectionalStream();
  await writable.getWriter().write(half);
}

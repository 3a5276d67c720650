/** Four accounts announce the largest commits, send their first bytes, and hold them as long as they may. */

import { encodeChunk } from "../../../schema/rpc/byte_messages.ts";
import { encodeCall } from "../../../schema/rpc/calls_and_returns.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { connect } from "../../../server-core/testing/quic.ts";
import { random, type TestDevice } from "../../../server-core/testing/seed.ts";
import type { Attack } from "../attack.ts";
import { pause } from "../pause.ts";

const largest = 16 * 1024 * 1024;

/** A commit whose bundle is said to have 16 MiB. */
function announced(channelId: Uint8Array<ArrayBuffer>, { auth, recipientKey }: TestDevice): Uint8Array {
  return encodeCall(delivery.commit, {
    channelId,
    epoch: 0,
    commitId: random(16),
    sha256: random(32),
    commitLength: 1,
    welcomeLength: largest - 1201,
    headersLength: 1200,
    removed: [],
    added: [recipientKey],
  }, auth);
}

export const attack: Attack = {
  what: "four accounts announce eight commits of 16 MiB, and send a byte of each every few seconds",
  async run({ core, coreCertificate, devices }, signal) {
    while (!signal.aborted) {
      const connection = await connect(core, coreCertificate, "capnp", "127.0.2.1").catch(() => undefined);
      if (!connection) await pause(500, signal);
      else {
        const holds = devices.flatMap((device) => [hold(connection.conn, device), hold(connection.conn, device)]);
        await Promise.race([Promise.all(holds), connection.conn.closed.catch(() => {}), pause(2 ** 30, signal)]);
        connection.close();
      }
    }

    async function hold(conn: Deno.QuicConn, device: TestDevice): Promise<void> {
      while (!signal.aborted) {
        try {
          const channelId = random(32);
          const made = await conn.createBidirectionalStream({ waitUntilAvailable: true });
          await send(made.writable, encodeCall(delivery.createChannel, { channelId }, device.auth));
          for await (const _ of made.readable);
          const { writable, readable } = await conn.createBidirectionalStream({ waitUntilAvailable: true });
          const writer = writable.getWriter();
          await writer.write(announced(channelId, device));
          const answered = readable.getReader().read().then(() => true, () => true);
          while (!signal.aborted) {
            await writer.write(encodeChunk(new Uint8Array(1)));
            if (await Promise.race([answered, pause(5_000, signal).then(() => false)])) break;
          }
          await writer.abort();
        } catch {
          // It was refused or cut off.
        }
        await pause(100, signal);
      }
    }
  },
};

async function send(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

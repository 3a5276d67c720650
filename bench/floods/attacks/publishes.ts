/** Messages into a channel that the account has alone: nobody reads them, and the server remembers each id. */

import { delivery } from "../../../schema/rpc/methods.ts";
import { commitCall } from "../../../server-core/testing/delivery_service.ts";
import { connect, type Connection } from "../../../server-core/testing/quic.ts";
import { random } from "../../../server-core/testing/seed.ts";
import type { Attack, Target } from "../attack.ts";

const callsAtOnce = 8;
const messagesInACall = 16;
const pauseMs = 5;

/** Makes the channel and takes it to epoch 1, in which messages may be sent. */
async function ownChannel(connection: Connection, { devices: [device] }: Target) {
  const channelId = random(32);
  const { params, body } = commitCall({ channelId, epoch: 0, members: [device] });
  await connection.as(device).call(delivery.createChannel, { channelId });
  await connection.as(device).call(delivery.commit, params, {}, body);
  return channelId;
}

async function publish(
  connection: Connection,
  { devices: [device] }: Target,
  channelId: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const messages = Array.from({ length: messagesInACall }, () => ({
      epoch: 1,
      messageId: random(16),
      envelope: random(256),
    }));
    await connection.as(device).call(delivery.publishInOrder, { channelId, messages }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export const attack: Attack = {
  what: "one account publishes into a channel of its own as fast as its limit allows, 16 messages a call",
  async run(target, signal) {
    while (!signal.aborted) {
      try {
        const connection = await connect(target.core, target.coreCertificate, "capnp", "127.0.2.1");
        const channelId = await ownChannel(connection, target);
        await Promise.race([
          Promise.all(Array.from({ length: callsAtOnce }, () => publish(connection, target, channelId, signal))),
          connection.conn.closed,
          new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
        ]);
        connection.close();
      } catch {
        // Cut off or refused: on with a new connection.
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  },
};

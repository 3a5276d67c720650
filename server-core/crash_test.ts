/** SIGKILL in the middle of publishes: what was acknowledged is there after the restart, exactly once. */

import assert from "node:assert/strict";
import { toHex } from "../schema/bytes.ts";
import { TransportError } from "../schema/rpc/errors.ts";
import { EntryKind } from "../schema/rpc/methods.ts";
import { makeChannel, publishTo, queueOf } from "./testing/delivery_service.ts";
import { connect, pause, startProcess, withTempDir } from "./testing/quic.ts";
import { random, seedDevices } from "./testing/seed.ts";

const kills = 6;
const senders = 8;

Deno.test({
  name: `every acknowledged message is there exactly once after each of ${kills} kills`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (dataDir) => {
      const [ann, bob] = seedDevices(dataDir, 2);
      const acknowledged = new Set<string>();
      /** Sent without an answer: sent again with the same bytes after the restart. */
      const unsure = new Map<string, { messageId: Uint8Array<ArrayBuffer>; envelope: Uint8Array<ArrayBuffer> }>();
      let channelId: Uint8Array<ArrayBuffer> | undefined;
      let lastSeq = 0;
      for (let round = 0; round <= kills; round++) {
        const server = await startProcess(dataDir);
        const { as, close } = await connect(server.address, server.caPem);
        channelId ??= await makeChannel(as, [ann, bob]);
        const client = as(ann);
        const sendOne = async (messageId: Uint8Array<ArrayBuffer>, envelope: Uint8Array<ArrayBuffer>) => {
          unsure.set(toHex(messageId), { messageId, envelope });
          await publishTo(client, channelId!, 1, envelope, messageId);
          acknowledged.add(toHex(messageId));
          unsure.delete(toHex(messageId));
        };
        for (const { messageId, envelope } of [...unsure.values()]) await sendOne(messageId, envelope);
        const queue = await queueOf(as(bob), bob);
        const found = queue.filter(({ kind }) => kind === EntryKind.APPLICATION).map(({ id }) => toHex(id));
        assert.equal(new Set(found).size, found.length, "nothing twice");
        assert.deepEqual(new Set(found), acknowledged, "everything acknowledged, and nothing else");
        assert.deepEqual(queue.map(({ seq }) => seq), queue.map((_, index) => index + 1));
        assert.ok(queue.at(-1)!.seq >= lastSeq);
        lastSeq = queue.at(-1)!.seq;
        if (round < kills) {
          let killed = false;
          const sending = Array.from({ length: senders }, async () => {
            while (!killed) await sendOne(random(16), random(100 + round * 3000));
          });
          await pause(60 + 35 * round);
          server.kill("SIGKILL");
          killed = true;
          // Nobody answers any more: the calls end with the connection.
          close();
          for (const outcome of await Promise.allSettled(sending)) {
            if (outcome.status === "rejected") assert.ok(outcome.reason instanceof TransportError || /no stream|closed/.test(String(outcome.reason)), String(outcome.reason));
          }
        } else {
          server.kill("SIGTERM");
          close();
        }
        await server.status;
      }
      assert.ok(acknowledged.size > kills * senders, `${acknowledged.size} messages`);
    }),
});

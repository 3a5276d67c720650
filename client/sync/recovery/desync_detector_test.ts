import assert from "node:assert/strict";
import { ErrorCode } from "../../../schema/rpc/errors.ts";
import { DesyncDetector } from "./desync_detector.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

const chatId = "07".repeat(32);

/** A device in epoch 5 of a chat. The test controls server, queue and time. */
function suspecting() {
  const world = { epoch: 5, serverEpoch: 5, waiting: 0, calls: 0, found: [] as string[] };
  let due: (() => void) | undefined;
  const context = {
    conversations: {
      get: () => ({ record: { standing: { kind: "member" }, epoch: world.epoch, channelId: new Uint8Array(32) } }),
    },
    rpc: {
      call: ({ name }: { name: string }) => {
        world.calls++;
        return Promise.resolve(
          name === "fetch" ? { entries: Array(world.waiting).fill({}) } : { epoch: world.serverEpoch, members: [] },
        );
      },
    },
    account: { recipientKey: new Uint8Array(32) },
    environment: { after: (_ms: number, run: () => void) => (due = run, () => {}) },
  };
  const desync = new DesyncDetector(context as unknown as SyncContext, () => 9, (_chatId, symptom) => {
    world.found.push(symptom);
    return Promise.resolve();
  });
  /** Passes time until no check is due. */
  const passTime = async () => {
    for (; due; await new Promise((resolve) => setTimeout(resolve, 5))) {
      const run = due;
      due = undefined;
      run();
    }
  };
  return { world, desync, passTime };
}

Deno.test("a suspicion ends with its epoch: a commit that lost its race is no rollback", async () => {
  const { world, desync, passTime } = suspecting();
  desync.raise(chatId, ErrorCode.staleEpoch);
  world.epoch = 6;
  world.serverEpoch = 6;
  await passTime();
  assert.deepEqual([world.found, world.calls], [[], 0]);
  // The ended suspicion does not count towards the next one.
  desync.raise(chatId, ErrorCode.staleEpoch);
  await passTime();
  assert.deepEqual([world.found, world.calls], [["rolled-back"], 4], "it is looked at twice before anything is done");
});

Deno.test("a suspicion is not confirmed while entries of the channel wait", async () => {
  const { world, desync, passTime } = suspecting();
  world.waiting = 1;
  desync.raise(chatId, ErrorCode.epochConflict);
  await passTime();
  assert.deepEqual(world.found, []);
});

Deno.test("a confirmed suspicion means that the server went back in time, or that a commit was missed", async () => {
  for (const [serverEpoch, found] of [[4, ["server-behind"]], [7, ["fork"]], [5, []]] as const) {
    const { world, desync, passTime } = suspecting();
    world.serverEpoch = serverEpoch;
    desync.raise(chatId, ErrorCode.epochConflict);
    await passTime();
    assert.deepEqual(world.found, found, `the server is in epoch ${serverEpoch}`);
  }
});

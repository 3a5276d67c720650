import assert from "node:assert/strict";
import type { GroupState } from "../../mls/group.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import { epochFor, epochHistory, noteEpoch, type PastEpoch } from "./epoch_history.ts";
import type { SyncContext } from "./sync_context.ts";
import { UnitOfWork } from "./unit_of_work.ts";

const conversation = { id: "07".repeat(32), storageId: "07".repeat(32) } as unknown as ConversationTransaction;
const context = {
  account: { clock: { now: () => 1_000 } },
  mls: { transcriptHash: ({ epoch }: GroupState) => new Uint8Array(32).fill(Number(epoch)) },
  store: { get: () => Promise.resolve(undefined) },
} as unknown as SyncContext;
const made = { commitId: new Uint8Array(16), S: new Uint8Array(32) };

async function remembered(epochs: number[], fresh = false): Promise<number[]> {
  const unit = new UnitOfWork(
    () => Promise.resolve(undefined),
    () => Promise.reject(),
    () => undefined,
    () => undefined,
  );
  for (const [index, epoch] of epochs.entries()) {
    const state = { epoch: BigInt(epoch), active: true } as GroupState;
    await noteEpoch(context, unit, conversation, state, made, fresh && index === epochs.length - 1);
  }
  return (await epochHistory(context, unit, conversation)).map(({ n }) => n);
}

Deno.test("noteEpoch() keeps the 8 newest epochs, counted by their numbers", async () => {
  assert.deepEqual(await remembered([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), [3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(await remembered([1, 2, 3, 9]), [2, 3, 9], "a device that was out in between");
  assert.deepEqual(await remembered([1, 2, 3, 40]), [40]);
  assert.deepEqual(await remembered([1, 2, 3], true), [3], "of another channel");
});

Deno.test("PEOPLE A8: epochFor() gives no secret of an epoch before the asker joined, or was put back", () => {
  const [asker, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const hex = (key: Uint8Array) => [...key].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const commitId = new Uint8Array(16);
  const epoch = (n: number, added?: string[]): PastEpoch => ({
    n,
    commitId: hex(commitId),
    S: new Uint8Array(32),
    hash: new Uint8Array(32),
    atMs: 0,
    ...(added && { added }),
  });
  const past = [epoch(3), epoch(4, []), epoch(5, [hex(asker)]), epoch(6, [hex(other)])];
  const given = (device: Uint8Array, history = past) =>
    [2, 3, 4, 5, 6, 7].filter((n) => epochFor(history, n, commitId, device) !== undefined);
  assert.deepEqual(given(asker), [5, 6], "it came with 5");
  assert.deepEqual(given(other), [6]);
  assert.deepEqual(given(new Uint8Array(32).fill(3)), [3, 4, 5, 6], "it was there all along");
  assert.deepEqual(given(new Uint8Array(32).fill(3), [epoch(3), epoch(5, [])]), [5], "who came with 4 is not known");
  assert.deepEqual(given(asker, [epoch(3), epoch(4)]), [4], "noted by an earlier version");
  assert.equal(epochFor(past, 6, new Uint8Array(16).fill(9), other), undefined, "of another commit");
});

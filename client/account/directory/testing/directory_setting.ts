/** A directory over a server with answers of the test, and one account that the server knows: bob. */

import assert from "node:assert/strict";
import { EngineError, type EngineProblem } from "../../../api/errors.ts";
import { importWrappingKey, SealedStore } from "../../../storage/sealed_store.ts";
import { MemoryStorage } from "../../../storage/testing/memory.ts";
import { ServerClock } from "../../server_clock.ts";
import { AccountDirectory } from "../directory.ts";
import { FakeDirectory, HeldAccount, newDevice } from "./fake_directory.ts";

/** @returns the directory, `open` for a second directory over the same storage, and the reports of both */
export async function setting() {
  const server = new FakeDirectory();
  const store = new SealedStore(new MemoryStorage(), await importWrappingKey(new Uint8Array(32)));
  await store.takeFence();
  const problems: EngineProblem[] = [];
  const seen = { pinned: 0 };
  const open = async () => {
    const directory = new AccountDirectory({
      store,
      rpc: server.rpc,
      clock: new ServerClock(() => 1000),
      ownUsername: "me.myself",
      onPinned: () => seen.pinned++,
      onProblem: (problem) => problems.push(problem),
    });
    await directory.load();
    return directory;
  };
  const phone = await newDevice();
  const bob = await HeldAccount.create("bob", [phone]);
  server.show(bob.answer);
  return { server, store, problems, seen, open, directory: await open(), bob, phone };
}

/** Asserts that the work rejects with the EngineError of this code. */
export const rejectsWith = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === code);

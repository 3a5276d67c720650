import assert from "node:assert/strict";
import type { EngineProblem } from "../../api/errors.ts";
import { createMls } from "../../mls/group.ts";
import { leafAt } from "../../mls/identity.ts";
import { keyPackageOf, makeAccount, makeDevice, makeDevices, makeGroup, trusting } from "../../mls/testing/group.ts";
import { spoiledKeyPackage } from "../../mls/testing/spoiled_key_package.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { usableAdds } from "./usable_adds.ts";

function context(): { context: SyncContext; problems: EngineProblem[] } {
  const problems: EngineProblem[] = [];
  const parts = {
    mls: createMls(trusting),
    account: { clock: { now: () => Date.now() } },
    problem: (problem: EngineProblem) => problems.push(problem),
  };
  return { context: parts as unknown as SyncContext, problems };
}

Deno.test("PEOPLE A2: a device is not removed whose own KeyPackage can not be added again", async () => {
  const [ann, ben, cat] = await makeDevices("ann", "ben", "cat");
  const { states: [state] } = await makeGroup([ann, ben, cat]);
  const { context: parts, problems } = context();
  const leafKey = leafAt(state.mls.ratchetTree, 0)!.hpkePublicKey;
  const plan: CommitPlan = {
    purpose: "readd",
    add: [
      { recipientKey: ben.keyPair.publicKey, keyPackage: await spoiledKeyPackage(ben, { leafKey }) },
      { recipientKey: cat.keyPair.publicKey, keyPackage: (await keyPackageOf(cat)).keyPackage },
    ],
    remove: [ben.keyPair.publicKey, cat.keyPair.publicKey],
  };
  const { plan: usable, without } = await usableAdds(parts, state, plan);
  assert.deepEqual([usable.add, usable.remove], [[plan.add[1]], [cat.keyPair.publicKey]]);
  assert.deepEqual([...without.keys()], ["ben"]);
  await usableAdds(parts, state, plan);
  assert.equal(problems.length, 1, "told once");
});

Deno.test("usableAdds() names only people of whom no device is left, and gives a good plan back as it is", async () => {
  const [ann, ben] = await makeDevices("ann", "ben");
  const { states: [state] } = await makeGroup([ann, ben]);
  const account = await makeAccount("cat");
  const [first, second, dave] = [await makeDevice(account), await makeDevice(account), (await makeDevices("dave"))[0]];
  const good: CommitPlan = {
    purpose: "add",
    add: [{ recipientKey: first.keyPair.publicKey, keyPackage: (await keyPackageOf(first)).keyPackage }],
    remove: [],
  };
  assert.equal((await usableAdds(context().context, state, good)).plan, good);
  const bad = await Promise.all([second, dave].map(async (device) => ({
    recipientKey: device.keyPair.publicKey,
    keyPackage: await spoiledKeyPackage(device, { leafKey: leafAt(state.mls.ratchetTree, 1)!.hpkePublicKey }),
  })));
  const { plan, without } = await usableAdds(context().context, state, { ...good, add: [...good.add, ...bad] });
  assert.deepEqual(plan.add, good.add);
  assert.deepEqual([...without.keys()], ["dave"]);
});

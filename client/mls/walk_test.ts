import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { createMls, type GroupState } from "./group.ts";
import { keyPackageOf, makeAccount, makeDevice, now, randomId, type TestDevice, trusting } from "./testing/group.ts";

// A small linear congruential generator (Numerical Recipes): the walk is the same in every run.
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Walker {
  device: TestDevice;
  state: GroupState;
}

const steps = 80;

for (const seed of [1, 2, 3]) {
  Deno.test(`${steps} random adds, removes and updates never fail to join (seed ${seed})`, async () => {
    const random = generator(seed);
    const mls = createMls(trusting);
    const account = await makeAccount("walker");
    // Devices of one account may remove each other (GRP-3.3), so any of them can take any step.
    const devices = await Promise.all(Array.from({ length: 6 }, () => makeDevice(account)));
    const channelId = crypto.getRandomValues(new Uint8Array(32));
    const first = await mls.createGroup({
      channelId,
      keyPackage: (await keyPackageOf(devices[0])).privateRecord,
      info: { name: "", kind: "group", createdMs: 0 },
    });
    let walkers: Walker[] = [{ device: devices[0], state: first }];
    let joins = 0;

    for (let step = 0; step < steps; step++) {
      const committer = walkers[random(walkers.length)];
      const others = walkers.filter((walker) => walker !== committer);
      const outside = devices.filter((device) => !walkers.some((walker) => walker.device === device));
      const action = random(3);
      const added = action === 0 && walkers.length < 5 ? [outside[random(outside.length)]] : [];
      const removed = action === 1 && others.length > 0 ? [others[random(others.length)]] : [];
      const packages = await Promise.all(added.map((device) => keyPackageOf(device)));
      const { newState, pending } = await mls.buildCommit(committer.state, {
        add: packages.map(({ keyPackage }) => keyPackage),
        remove: removed.map(({ state }) => state.ownRecipientKey),
        info: random(4) === 0 ? { name: `step ${step}` } : undefined,
        nowMs: now(),
      });
      const headers = new Map(pending.bundle.headers.map(({ recipientKey, header }) => [toHex(recipientKey), header]));
      const headerOf = (device: TestDevice) => headers.get(toHex(device.keyPair.publicKey))!;
      const next: Walker[] = [{ device: committer.device, state: mls.mergePending(newState, pending) }];
      for (const { device, state } of others.filter((walker) => !removed.includes(walker))) {
        const result = await mls.processCommit(state, {
          n: pending.n,
          commitId: pending.commitId,
          header: headerOf(device),
          sealedCommit: pending.bundle.sealedCommit,
        });
        if (result.kind !== "processed") assert.fail(`step ${step}: ${JSON.stringify(result)}`);
        next.push({ device, state: result.newState });
      }
      for (const [index, device] of added.entries()) {
        const { sealedWelcome } = pending.bundle;
        const result = await mls.joinFromWelcome({
          channelId,
          n: pending.n,
          header: headerOf(device),
          sealedWelcome,
          candidates: [packages[index].privateRecord],
          live: false,
        });
        if (result.kind !== "processed") assert.fail(`step ${step}: ${JSON.stringify(result)}`);
        next.push({ device, state: result.newState });
        joins += 1;
      }
      assert.equal(new Set(next.map(({ state }) => toHex(mls.transcriptHash(state)))).size, 1);
      assert.equal(headers.size, next.length);
      walkers = await exchange(next, random);
    }
    assert.ok(joins > 10, `only ${joins} joins`);

    // One random member sends, all others open.
    async function exchange(group: Walker[], pick: (below: number) => number): Promise<Walker[]> {
      const sender = group[pick(group.length)];
      const messageId = randomId();
      const sealed = await mls.sealMessage(sender.state, { messageId, content: messageId });
      const after = await Promise.all(group.map(async ({ device, state }) => {
        if (device === sender.device) return { device, state: sealed.newState };
        const opened = await mls.openMessage(state, { epoch: state.epoch, messageId, envelope: sealed.envelope });
        if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
        assert.deepEqual(opened.content, messageId);
        return { device, state: opened.newState };
      }));
      return after;
    }
  });
}

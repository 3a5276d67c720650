/** Behaviours of refused commits: the order of checks, and that they leave no trace. */

import assert from "node:assert/strict";
import type { Bytes } from "../../../../schema/bytes.ts";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { CommitArgs, DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, refuses } from "../behaviour.ts";
import { commitOf, type CommitPlan, messageOf, newDevice, refused, type World } from "../world.ts";

/** docs/limits.md: bytes of commits and Welcomes of one account that wait for one device. */
const loadLimit = 32 * 1024 * 1024;
/** A header, and what an entry counts for besides its bytes. */
const perEntry = 1168 + 4096;

/** Takes ann, who made epoch 2, and bob, who has not seen it, to a channel at epoch 2. */
async function atEpochTwo(world: World) {
  const [ann, bob, stranger] = await world.devices(3);
  const members = [ann, bob];
  const channelId = await world.channel(members);
  const accepted = commitOf({ sender: ann, channelId, epoch: 1, members });
  await world.delivery.commit(accepted);
  const plan = (sender: typeof ann, epoch: number, overrides: Partial<CommitArgs> = {}) =>
    commitOf({ sender, channelId, epoch, members }, overrides);
  return { ann, bob, stranger, members, channelId, accepted, plan };
}

const headRefusals = (method: "checkCommit" | "commit"): Behaviour<keyof DeliveryStore>[] => {
  const ask = (world: World, args: CommitArgs) => world.delivery[method](args);
  return [
    refuses(method, ErrorCode.notAMember, "for a stranger, a removed member, and an unknown channel", async (world) => {
      const { ann, bob, stranger, channelId, plan } = await atEpochTwo(world);
      await refused(
        ErrorCode.notAMember,
        ask(world, plan(stranger, 2)),
        ask(world, plan(ann, 2, { channelId: random(32) })),
      );
      await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 2, members: [ann], removed: [bob] }));
      await refused(ErrorCode.notAMember, ask(world, plan(bob, 3)));
    }),

    refuses(method, ErrorCode.malformed, "for a commitId that came with other content, at any epoch", async (world) => {
      const { ann, bob, accepted: { commitId }, plan } = await atEpochTwo(world);
      const calls = [plan(ann, 1, { commitId }), plan(bob, 2, { commitId }), plan(bob, 9, { commitId })];
      await refused(ErrorCode.malformed, ...calls.map((args) => ask(world, args)));
    }),

    refuses(method, ErrorCode.staleEpoch, "below the epoch that the device made or acknowledged", async (world) => {
      const { ann, bob, plan } = await atEpochTwo(world);
      await refused(ErrorCode.staleEpoch, ask(world, plan(ann, 1)));
      const [welcome, commit] = await world.queue(bob);
      await world.delivery.ackEntries({ recipientKey: bob.recipientKey, seqs: [commit.seq] });
      await refused(ErrorCode.staleEpoch, ask(world, plan(bob, 1)));
      // A later acknowledgement of an earlier epoch does not lower the mark.
      await world.delivery.ack({ recipientKey: bob.recipientKey, upTo: welcome.seq });
      await refused(ErrorCode.staleEpoch, ask(world, plan(bob, 1)));
    }),

    refuses(method, ErrorCode.epochConflict, "at any other epoch than the channel's", async (world) => {
      const { ann, bob, plan } = await atEpochTwo(world);
      const calls = [plan(bob, 1), plan(bob, 0), plan(bob, 3), plan(ann, 9)];
      await refused(ErrorCode.epochConflict, ...calls.map((args) => ask(world, args)));
    }),

    does(method, "checks membership, then the commitId, then the epoch", async (world) => {
      const { ann, stranger, accepted: { commitId }, plan } = await atEpochTwo(world);
      await refused(ErrorCode.notAMember, ask(world, plan(stranger, 1, { commitId })));
      await refused(ErrorCode.malformed, ask(world, plan(ann, 1, { commitId })));
      await refused(ErrorCode.staleEpoch, ask(world, plan(ann, 0)));
    }),
  ];
};

export const commitRefusalBehaviours: Behaviour<keyof DeliveryStore>[] = [
  ...headRefusals("checkCommit"),
  ...headRefusals("commit"),

  refuses(
    "commit",
    ErrorCode.malformed,
    "for members, headers and Welcome that do not fit, without trace",
    async (world) => {
      const [ann, bob, eve] = await world.devices(3);
      const all = [ann, bob];
      const channelId = await world.channel(all);
      const bad: [Partial<CommitPlan>, Partial<CommitArgs>?][] = [
        [{ members: [ann] }],
        [{ members: [ann, bob, eve] }],
        [{ members: [ann, bob, bob] }],
        [{ members: [ann, ann] }],
        [{ members: [bob], removed: [ann] }],
        [{ members: all, removed: [eve] }],
        [{ members: [ann], removed: [bob, bob] }],
        [{ members: all, added: [bob] }],
        [{ members: [...all, eve], added: [eve, eve] }],
        [{ members: all }, { welcome: random(10) }],
        [{ members: [...all, eve], added: [eve] }, { welcome: new Uint8Array() }],
      ];
      for (const [plan, overrides] of bad) {
        const args = commitOf({ sender: ann, channelId, epoch: 1, members: all, ...plan }, overrides);
        await refused(ErrorCode.malformed, world.delivery.commit(args));
      }
      await assertUntouched(world, channelId, ann, bob);
      assert.deepEqual(await world.queue(eve), []);
    },
  ),

  refuses(
    "commit",
    ErrorCode.unknownRecipient,
    "for an added device that is not enrolled, without trace",
    async (world) => {
      const ann = await world.person();
      const [bob] = await world.devices(1);
      const { device: unlisted } = await world.signIn(ann);
      const channelId = await world.channel([ann.device, bob]);
      for (const added of [unlisted, newDevice()]) {
        const members = [ann.device, bob, added];
        const plan = commitOf({ sender: ann.device, channelId, epoch: 1, members, added: [added] });
        await refused(ErrorCode.unknownRecipient, world.delivery.commit(plan));
      }
      await assertUntouched(world, channelId, ann.device, bob);
    },
  ),

  refuses("commit", ErrorCode.quotaExceeded, "when 32 MiB of the account wait for an added device", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const add = async (sender: typeof ann, device: typeof ann, welcome: Bytes) => {
      const channelId = await world.channel([sender]);
      const members = [sender, device];
      return world.delivery.commit(commitOf({ sender, channelId, epoch: 1, members, added: [device] }, { welcome }));
    };
    const half = loadLimit / 2 - perEntry;
    await add(ann, bob, new Uint8Array(half));
    await refused(ErrorCode.quotaExceeded, add(ann, bob, new Uint8Array(half + 1)));
    await add(ann, bob, new Uint8Array(half));
    await refused(ErrorCode.quotaExceeded, add(ann, bob, Uint8Array.of(1)));
    assert.equal((await world.queue(bob)).length, 2);
    await add(ann, eve, Uint8Array.of(1));
    await add(eve, bob, Uint8Array.of(1));
  }),

  does("commit", "leaves out a member for which 32 MiB of the account wait, until it acknowledges", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const members = [ann, bob, eve];
    const channelId = await world.channel(members);
    await world.empty(bob, eve);
    const commit = (epoch: number, length: number) =>
      world.delivery.commit(
        commitOf({ sender: ann, channelId, epoch, members }, { commit: new Uint8Array(length).fill(epoch) }),
      );
    await commit(1, loadLimit / 2 - perEntry);
    await commit(2, loadLimit / 2 - perEntry);
    await world.empty(eve);
    assert.equal((await commit(3, 1)).n, 4, "the group goes on");
    const epochs = async (device: typeof ann) =>
      (await world.queue(device)).filter(({ kind }) => kind === EntryKind.COMMIT).map(({ epoch }) => epoch);
    assert.deepEqual([await epochs(bob), await epochs(eve)], [[2, 3], [4]]);
    await world.empty(bob);
    await commit(4, 1);
    assert.deepEqual(await epochs(bob), [5]);
  }),

  does(
    "commit",
    "tells a removed device, unless too much of the account waits for it, and removes it all the same",
    async (world) => {
      const [ann, bob, eve] = await world.devices(3);
      const kinds = async () =>
        (await world.queue(bob)).map(({ kind }) => kind).filter((kind) => kind !== EntryKind.WELCOME);
      const [full, other] = [await world.channel([ann, bob]), await world.channel([eve, bob])];
      await world.empty(bob);
      const removal = (sender: typeof ann, channelId: Bytes, epoch: number) =>
        world.delivery.commit(commitOf({ sender, channelId, epoch, members: [sender], removed: [bob] }));
      for (const epoch of [1, 2]) {
        const commit = new Uint8Array(loadLimit / 2 - perEntry);
        await world.delivery.commit(commitOf({ sender: ann, channelId: full, epoch, members: [ann, bob] }, { commit }));
      }
      await removal(ann, full, 3);
      await refused(ErrorCode.notAMember, world.delivery.publish(messageOf(bob, full, 4)));
      assert.deepEqual(await kinds(), [EntryKind.COMMIT, EntryKind.COMMIT]);
      await removal(eve, other, 1);
      assert.deepEqual(await kinds(), [EntryKind.COMMIT, EntryKind.COMMIT, EntryKind.REMOVED]);
    },
  ),

  refuses(
    "commit",
    ErrorCode.quotaExceeded,
    "while 32 MiB of the account wait for the sender itself",
    async (world) => {
      const ann = await world.person();
      const { device: second } = await world.signIn(ann);
      await world.list(ann, 1, [ann.device, second]);
      const channelId = await world.channel([ann.device, second]);
      await world.empty(ann.device, second);
      const members = [ann.device, second];
      const commitBy = (sender: typeof second, epoch: number, length: number) =>
        world.delivery.commit(commitOf({ sender, channelId, epoch, members }, { commit: new Uint8Array(length) }));
      for (const epoch of [1, 2]) await commitBy(second, epoch, loadLimit / 2 - perEntry);
      await refused(ErrorCode.quotaExceeded, commitBy(ann.device, 3, 1));
      await world.empty(ann.device);
      await commitBy(ann.device, 3, 1);
    },
  ),

  does("commit", "checks its content after the epoch, and enrolment after its content", async (world) => {
    const { ann, bob, channelId, members } = await atEpochTwo(world);
    const added = [newDevice()];
    const bad = (epoch: number, sender: typeof ann) => commitOf({ sender, channelId, epoch, members, added });
    await refused(ErrorCode.staleEpoch, world.delivery.commit(bad(1, ann)));
    await refused(ErrorCode.epochConflict, world.delivery.commit(bad(1, bob)));
    await refused(ErrorCode.malformed, world.delivery.commit(bad(2, bob)));
  }),
];

async function assertUntouched(
  world: World,
  channelId: Bytes,
  ...members: ReturnType<typeof newDevice>[]
): Promise<void> {
  const state = await world.delivery.channelState({ member: members[0].recipientKey, channelId });
  assert.deepEqual([state.epoch, state.members.length], [1, members.length]);
  for (const member of members) assert.equal((await world.queue(member)).length, 1);
}

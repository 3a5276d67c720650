import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { CommitFacts } from "./rules.ts";
import { parseKeyPackage } from "./key_package.ts";
import { infoOf, stateMembers } from "./state.ts";
import { keyPackageOf, makeDevices } from "./testing/group.ts";
import { alice, codeOf, facts, infoProposal } from "./testing/rules.ts";
import type { GroupInfo, Member } from "./types.ts";

const data = { timerMs: 86_400_000 };
const members = stateMembers(alice);
const info = infoOf(alice);
const old = (member: Member): Member => ({
  ...member,
  features: member.features.filter((name) => name !== "group-data"),
});

/** The code with which a commit is refused that makes this of the group's information. */
function codeOfChange(after: GroupInfo, change: Partial<CommitFacts> = {}): string | undefined {
  const { proposals } = facts({});
  const by = change.committer ?? members[0];
  const proposal = { proposal: infoProposal(after), byReference: false, senderLeafIndex: by.leafIndex };
  return codeOf({ committer: by, ...change, proposals: [...proposals, proposal] });
}

Deno.test("CONVERSATIONS: GRP-2.8: group data is set only where every leaf that stays names the feature", () => {
  assert.equal(codeOfChange({ ...info, data }), undefined);
  const [anna, bob, carol] = members;
  assert.equal(codeOfChange({ ...info, data }, { members: [anna, bob, old(carol)] }), "GRP-2.8");
  const withData = { ...info, data };
  assert.equal(
    codeOfChange({ ...withData, data: { timerMs: 60_000 } }, { info: withData, members: [anna, bob, old(carol)] }),
    "GRP-2.8",
  );
  // A member that takes the name out of its leaf stops no other change, and does not keep the data there.
  assert.equal(codeOfChange(info, { info: withData, members: [anna, bob, old(carol)] }), undefined);
  assert.equal(
    codeOfChange({ ...withData, name: "renamed" }, { info: withData, members: [anna, bob, old(carol)] }),
    undefined,
  );
});

Deno.test("CONVERSATIONS: GRP-2.8: a device without the feature is not added to a group with data", async () => {
  const [dora] = await makeDevices("dora");
  const add = await parseKeyPackage((await keyPackageOf(dora)).keyPackage);
  const before = { ...add, features: ["changes"] };
  const [committer] = members;
  assert.equal(codeOf({ committer, info: { ...info, data }, adds: [add] }), undefined);
  assert.equal(codeOf({ committer, info: { ...info, data }, adds: [before] }), "GRP-2.8");
  assert.equal(codeOf({ committer, adds: [before] }), undefined, "without data it may come");
});

Deno.test("CONVERSATIONS: GRP-2.5: who is no admin sets data in a chat of two alone, and nothing else with it", () => {
  const [anna, bob] = members;
  const by = { committer: bob, members: [anna, bob] };
  assert.equal(codeOfChange({ ...info, data }, by), "GRP-2.5");
  const direct: GroupInfo = { ...info, kind: "direct" };
  assert.equal(codeOfChange({ ...direct, data }, { ...by, info: direct }), undefined);
  assert.equal(codeOfChange(direct, { ...by, info: { ...direct, data } }), undefined, "and takes it away");
  assert.equal(codeOfChange({ ...direct, data, name: "mine" }, { ...by, info: direct }), "GRP-2.5");
  const roles = { ...direct.roles, [toHex(bob.credential.accountKey)]: "admin" as const };
  assert.equal(codeOfChange({ ...direct, data, roles }, { ...by, info: direct }), "GRP-2.5");
});

Deno.test("CONVERSATIONS: GRP-2.5: an heir that takes over changes no data on the way", () => {
  const [anna, bob, carol] = members;
  const withData = { ...info, data };
  const roles = { ...info.roles, [toHex(bob.credential.accountKey)]: "admin" as const };
  const leave = {
    proposal: { proposalType: "remove" as const, remove: { removed: anna.leafIndex } },
    byReference: true,
    senderLeafIndex: anna.leafIndex,
  };
  const code = (after: GroupInfo) =>
    codeOf({
      committer: carol,
      info: withData,
      proposals: [...facts({}).proposals, leave, {
        proposal: infoProposal(after),
        byReference: false,
        senderLeafIndex: carol.leafIndex,
      }],
    });
  assert.equal(code({ ...withData, roles }), undefined);
  assert.equal(code({ ...info, roles }), "GRP-2.5");
});

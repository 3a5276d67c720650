import assert from "node:assert/strict";
import { decideRecovery, desyncEffects, type RecoveryAction, recoveryPolicy, type RecoveryView } from "./policy.ts";

/** A plain member whose last commit did not open, in its first round. */
const view: RecoveryView = {
  admin: false,
  hasState: true,
  desync: { need: "reseal", commitId: "07" },
  serverBehind: false,
  alone: false,
  rounds: 1,
  quietRounds: 0,
  stuck: 0,
  inNeed: 0,
};
const unknownCommit = { need: "readd" as const };
const admin = { admin: true, desync: { need: "readd" as const, commitId: "07" } };

const cases: [string, Partial<RecoveryView>, RecoveryAction][] = [
  ["a header that does not open is asked for", {}, "ask-reseal"],
  ["also in the second round", { rounds: 2 }, "ask-reseal"],
  ["after two rounds a re-add is asked for", { rounds: 3 }, "ask-readd"],
  ["without a state a header is of no use", { hasState: false }, "ask-readd"],
  ["without a known commit there is no header to ask for", { desync: { need: "reseal" } }, "ask-readd"],
  ["a commit that broke a rule needs a re-add", { desync: { need: "readd", commitId: "07" } }, "ask-readd"],
  ["a server that went back in time comes first", { ...admin, serverBehind: true, rounds: 20, stuck: 3 }, "act-ahead"],
  ["others in need after three quiet rounds: an admin replaces", { ...admin, inNeed: 1, quietRounds: 3 }, "replace"],
  ["two quiet rounds are too few", { ...admin, inNeed: 1, quietRounds: 2 }, "ask-readd"],
  ["a plain member creates no replacement", { inNeed: 1, quietRounds: 3, rounds: 20, stuck: 2 }, "ask-readd"],
  ["others stuck with the commit after two rounds: an admin replaces", { ...admin, stuck: 1, rounds: 3 }, "replace"],
  ["an admin does not replace before that", { ...admin, stuck: 1, rounds: 2 }, "ask-readd"],
  ["an admin replaces when no member answers for eight rounds", { ...admin, rounds: 9 }, "replace"],
  ["an admin waits for eight silent rounds", { ...admin, rounds: 8 }, "ask-readd"],
  ["the commit is unknown: others in need for eight quiet rounds", {
    admin: true,
    desync: unknownCommit,
    inNeed: 1,
    quietRounds: 9,
  }, "replace"],
  [
    "the commit is unknown: silence alone is no ground",
    { admin: true, desync: unknownCommit, rounds: 99 },
    "ask-readd",
  ],
  ["a lost state, others stuck, sixteen rounds", { ...admin, hasState: false, stuck: 1, rounds: 17 }, "replace"],
  ["a lost state waits that long", { ...admin, hasState: false, stuck: 1, rounds: 16 }, "ask-readd"],
  ["an admin without any other device in the channel replaces it", { alone: true, rounds: 3 }, "replace"],
  ["without a state, even a lone device asks for a re-add", { alone: true, hasState: false }, "ask-readd"],
];

for (const [name, part, action] of cases) {
  Deno.test(`decideRecovery(): ${name}`, () => assert.equal(decideRecovery({ ...view, ...part }), action));
}

Deno.test("every row of the recovery policy decides at least one of these cases", () => {
  const deciding = new Set(cases.map(([, part]) => recoveryPolicy.find(({ when }) => when({ ...view, ...part }))));
  assert.deepEqual(recoveryPolicy.filter((row) => !deciding.has(row)).map(({ symptom }) => symptom), []);
});

Deno.test("only a state that went back in time is deleted, because its ratchet would repeat keys", () => {
  assert.deepEqual(Object.entries(desyncEffects).filter(([, { forgetsState }]) => forgetsState).map(([name]) => name), [
    "rolled-back",
  ]);
});

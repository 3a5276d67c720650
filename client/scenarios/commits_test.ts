import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { remainingPlan } from "../sync/commits/commit_plan.ts";
import { guardCommit } from "../sync/receive/incoming_commit.ts";
import { joinAll } from "../testing/join_all.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const bytes = (fill: number, length = 32) => new Uint8Array(length).fill(fill);

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "group");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

suite("commits between engines", {
  "two members that commit at the same time converge, and both commits take place": async ({ join }) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await group([anna, bert]);
    await Promise.all([anna.engine.addPeople(chatId, [carl.username]), bert.engine.addPeople(chatId, [dora.username])]);
    await Promise.all(
      [anna, bert, carl, dora].map((person) => person.sees(chatId, ({ members }) => members.length === 4)),
    );
    await Promise.all([anna.says(chatId, "one"), dora.says(chatId, "two")]);
    for (const person of [bert, carl]) {
      await person.hears(chatId, anna.username, ["one"]);
      await person.hears(chatId, dora.username, ["two"]);
    }
    assert.ok([anna, bert, carl, dora].every(({ problems }) => problems.length === 0));
  },

  "a plan that the winner has carried out already is not carried out again": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    await Promise.all([anna.engine.addPeople(chatId, [carl.username]), bert.engine.addPeople(chatId, [carl.username])]);
    await carl.sees(chatId, ({ members }) => members.length === 3);
    await carl.says(chatId, "here");
    await Promise.all([anna.hears(chatId, carl.username, ["here"]), bert.hears(chatId, carl.username, ["here"])]);
    assert.equal((await anna.notices(chatId)).filter((notice) => notice.startsWith("added")).length, 1);
  },

  "a commit that was pending at a crash goes out again as the same bytes": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    anna.refuses = (method) => method === "commit";
    await anna.crash();
    await anna.connected();
    const lost = anna.engine.addPeople(chatId, [carl.username]).catch(() => {});
    await anna.until(() => tap.of("commit").length > 0, "the first try");
    anna.refuses = () => false;
    await anna.crash();
    await lost;
    await carl.sees(chatId);
    await anna.sees(chatId, ({ members }) => members.length === 3);
    const tries = tap.of("commit").map(({ commitId, sha256 }) =>
      `${toHex(commitId as Uint8Array)} ${toHex(sha256 as Uint8Array)}`
    );
    assert.ok(tries.length >= 2);
    assert.equal(new Set(tries).size, 1);
    await carl.says(chatId, "in");
    await anna.hears(chatId, carl.username, ["in"]);
  },

  "a commit whose answer was lost is merged once, on its own entry": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    const tap = new Wiretap();
    let losses = 1;
    tap.losesAnswer = ({ method }) => method === "commit" && losses-- > 0;
    anna.wrapTransport = tap.wrap;
    await anna.crash();
    await anna.connected();
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId);
    await anna.says(chatId, "after");
    await Promise.all([bert.hears(chatId, anna.username, ["after"]), carl.hears(chatId, anna.username, ["after"])]);
  },

  "messages sent while others commit are sealed again in the new epoch and arrive once, in order": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    const expected = Array.from({ length: 30 }, (_, index) => `race ${index}`);
    const adding = anna.engine.addPeople(chatId, [carl.username]).then(() =>
      anna.engine.removePerson(chatId, carl.username)
    );
    for (const text of expected) await bert.says(chatId, text);
    await adding;
    await anna.hears(chatId, bert.username, expected);
    await bert.settled(chatId);
    assert.deepEqual(
      (await anna.notices(chatId)).filter((notice) => notice.startsWith("unreadable") || notice.startsWith("rejected")),
      [],
    );
  },

  "a member that was away for several epochs catches up, and its waiting messages follow": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    bert.online = false;
    await bert.crash();
    await bert.says(chatId, "from afar");
    await anna.engine.addPeople(chatId, [carl.username]);
    await anna.says(chatId, "meanwhile");
    await anna.engine.removePerson(chatId, carl.username);
    bert.online = true;
    await bert.engine.wake();
    await anna.hears(chatId, bert.username, ["from afar"]);
    await bert.hears(chatId, anna.username, ["meanwhile"]);
    await bert.settled(chatId);
  },

  "chats that two people start with each other at once both work": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const [one, two] = await Promise.all([
      anna.engine.startChat([bert.username]),
      bert.engine.startChat([anna.username]),
    ]);
    await Promise.all([bert.sees(one), anna.sees(two)]);
    await Promise.all([anna.says(one, "in one"), anna.says(two, "in two")]);
    await Promise.all([bert.hears(one, anna.username, ["in one"]), bert.hears(two, anna.username, ["in two"])]);
  },
});

Deno.test("guardCommit() takes the next epoch, drops repeats, and names forks and old epochs", () => {
  assert.equal(guardCommit(4, 5, "aa", undefined).kind, "next");
  assert.equal(guardCommit(4, 4, "aa", "aa").kind, "repeat");
  assert.equal(guardCommit(4, 2, "aa", undefined).kind, "old");
  assert.deepEqual(
    [guardCommit(4, 4, "aa", "bb"), guardCommit(4, 6, "aa", undefined)].map((guard) =>
      guard.kind === "rejected" && guard.code
    ),
    ["fork", "fork"],
  );
});

Deno.test("remainingPlan() leaves out what another commit has done", () => {
  const add = [{ recipientKey: bytes(1), keyPackage: bytes(9) }, { recipientKey: bytes(2), keyPackage: bytes(9) }];
  const present = new Set([toHex(bytes(1)), toHex(bytes(3))]);
  assert.deepEqual(remainingPlan({ purpose: "add", add, remove: [] }, present, "own", false)!.add, [add[1]]);
  assert.equal(remainingPlan({ purpose: "add", add: [add[0]], remove: [] }, present, "own", false), undefined);
  assert.equal(remainingPlan({ purpose: "remove", add: [], remove: [bytes(4)] }, present, "own", false), undefined);
  assert.equal(remainingPlan({ purpose: "leaves", add: [], remove: [] }, present, "own", false), undefined);
  assert.notEqual(remainingPlan({ purpose: "leaves", add: [], remove: [] }, present, "own", true), undefined);
  assert.notEqual(remainingPlan({ purpose: "update", add: [], remove: [] }, present, "own", false), undefined);
  assert.equal(
    remainingPlan({ purpose: "readd", add: [add[1]], remove: [bytes(2)] }, present, "own", false),
    undefined,
    "removed meanwhile: not re-added",
  );
  assert.notEqual(
    remainingPlan({ purpose: "info", add: [], remove: [], name: "x" }, present, "own", false, true),
    undefined,
  );
  assert.equal(
    remainingPlan({ purpose: "info", add: [], remove: [], name: "x" }, present, "own", false, false),
    undefined,
  );
  const readd = remainingPlan({ purpose: "readd", add: [add[0]], remove: [bytes(1)] }, present, "own", false)!;
  assert.deepEqual(
    [readd.add.length, readd.remove.length],
    [1, 1],
    "a device that lost its state comes back by both in one",
  );
});

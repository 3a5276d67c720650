import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import { delayWithoutTurnMs, longestDelayMs, spread, turnMs } from "./adding_order.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const accountKey = random(32);
const memberOf = (account: Uint8Array): Member =>
  ({ recipientKey: random(32), credential: { accountKey: account } }) as unknown as Member;

Deno.test("PEOPLE B1: of 2,000 members that connect at once few begin before a commit can have come", async () => {
  const members = [memberOf(accountKey), ...Array.from({ length: 2_000 }, () => memberOf(random(32)))];
  const group = { channelId: random(32), members, accountKey, version: 2 };
  const delays = await Promise.all(
    members.slice(1).map(({ recipientKey }) => delayWithoutTurnMs({ ...group, recipientKey })),
  );
  const first = Math.min(...delays);
  const early = delays.filter((delayMs) => delayMs < first + 500).length;
  assert.ok(early <= 20, `${early} of 2,000 begin within 500 ms of the first; an even spread has 100`);
  assert.ok(Math.max(...delays) <= turnMs + longestDelayMs);
  assert.ok(first >= turnMs, "devices of the account itself come first");
});

Deno.test("PEOPLE B1: the devices of the account go one after another, alike in all chats", async () => {
  const own = Array.from({ length: 4 }, () => memberOf(accountKey));
  const members = [memberOf(random(32)), ...own];
  const delaysIn = (channelId: Uint8Array) =>
    Promise.all(
      own.map(({ recipientKey }) => delayWithoutTurnMs({ channelId, members, accountKey, version: 2, recipientKey })),
    );
  const delays = await delaysIn(random(32));
  assert.deepEqual([...delays].sort((a, b) => a - b), [0, 500, 1_000, 1_500]);
  assert.deepEqual(await delaysIn(random(32)), delays);
});

Deno.test("PEOPLE B1: the only other member waits for the account's own devices, and no longer", async () => {
  const [own, other] = [memberOf(accountKey), memberOf(random(32))];
  const group = { channelId: random(32), members: [own, other], accountKey, version: 2 };
  assert.equal(await delayWithoutTurnMs({ ...group, recipientKey: other.recipientKey }), turnMs);
  assert.notEqual(toHex(own.recipientKey), toHex(other.recipientKey));
});

Deno.test("spread() goes from 0 to 1, and most of it is late", () => {
  assert.deepEqual([spread(0, 100), spread(0.01, 100), spread(1, 100), spread(0.5, 1)], [0, 0, 1, 0]);
  assert.equal(Math.round(spread(0.1, 100) * 1_000), 500);
});

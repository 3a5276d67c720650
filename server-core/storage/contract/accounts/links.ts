/** Behaviours of invite links and of the requests by them. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { dayMs, hourMs, outcome, type Person, refused, type World } from "../world.ts";

const linkOf = (world: World, { accountKey }: Person, requests = 5) => ({
  accountKey,
  linkHash: random(32),
  publicKey: random(1216),
  endMs: world.clock.nowMs + hourMs,
  requests,
});

async function put(world: World, person: Person, requests?: number) {
  const link = linkOf(world, person, requests);
  await world.accounts.putLink(link);
  return link;
}

const waiting = async (world: World, { accountKey }: Person) =>
  (await world.accounts.joinRequests({ accountKey, limit: 600 })).map(({ username, sealed }) => ({ username, sealed }));

export const linkBehaviours: Behaviour<keyof AccountStore>[] = [
  does("putLink", "makes a link that is there until its end, durably", async (world) => {
    const person = await world.person();
    const { linkHash, accountKey, publicKey, endMs } = await put(world, person);
    await world.reopen();
    assert.deepEqual(await world.accounts.link({ linkHash }), { accountKey, publicKey, endMs });
    world.clock.nowMs = endMs;
    assert.equal(await world.accounts.link({ linkHash }), undefined);
  }),

  repeats("putLink", "changes nothing, not even where there are 50", async (world) => {
    const person = await world.person();
    const links = [];
    for (let count = 0; count < 50; count++) links.push(await put(world, person));
    await world.accounts.putLink(links[0]);
    await refused(ErrorCode.quotaExceeded, world.accounts.putLink(linkOf(world, person)));
  }),

  refuses("putLink", ErrorCode.malformed, "for the hash of another account's link, or another key", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const link = await put(world, person);
    await refused(
      ErrorCode.malformed,
      world.accounts.putLink({ ...link, accountKey: other.accountKey }),
      world.accounts.putLink({ ...link, publicKey: random(1216) }),
    );
  }),

  refuses("putLink", ErrorCode.quotaExceeded, "above 50 links that are not over", async (world) => {
    const person = await world.person();
    for (let count = 0; count < 50; count++) await put(world, person);
    await refused(ErrorCode.quotaExceeded, world.accounts.putLink(linkOf(world, person)));
    world.clock.nowMs += hourMs;
    await put(world, person);
  }),

  races("putLink", "lets one of two accounts have a hash", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const link = linkOf(world, person);
    const outcomes = [link, { ...link, accountKey: other.accountKey }].map((args) =>
      outcome(world.accounts.putLink(args))
    );
    assert.deepEqual((await Promise.all(outcomes)).sort(), ["E014", "ok"]);
  }),

  does("removeLink", "deletes a link of the account with its requests, and none of others", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const link = await put(world, person);
    await world.accounts.requestJoin({ ...link, accountKey: other.accountKey, sealed: random(9) });
    await world.accounts.removeLink({ ...link, accountKey: other.accountKey });
    assert.equal((await waiting(world, person)).length, 1);
    await world.accounts.removeLink(link);
    assert.equal(await world.accounts.link(link), undefined);
    assert.deepEqual(await waiting(world, person), []);
  }),

  repeats("removeLink", "changes nothing", async (world) => {
    const link = await put(world, await world.person());
    await world.accounts.removeLink(link);
    await world.accounts.removeLink(link);
    assert.equal(await world.accounts.link(link), undefined);
  }),

  races("removeLink", "lets a request through before it or none", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const link = await put(world, person);
    const asked = outcome(
      world.accounts.requestJoin({ ...link, accountKey: other.accountKey, sealed: random(9) }),
    );
    await world.accounts.removeLink(link);
    assert.match(await asked, /^(ok|E027)$/);
    assert.deepEqual(await waiting(world, person), []);
  }),

  does("link", "gives none of an account that is disabled or deleted", async (world) => {
    for (const change of ["disable", "delete"] as const) {
      const person = await world.person();
      const link = await put(world, person);
      await world.operator.changeAccount({ username: person.username, change });
      assert.equal(await world.accounts.link(link), undefined);
    }
  }),

  does(
    "requestJoin",
    "leaves a request with the maker of the link, durably, in place of an earlier one",
    async (world) => {
      const [person, other] = [await world.person(), await world.person()];
      const { linkHash } = await put(world, person);
      const [first, second] = [random(9), random(9)];
      const { accountKey } = other;
      const asked = await world.accounts.requestJoin({ linkHash, accountKey, sealed: first });
      assert.deepEqual(asked, { accountKey: person.accountKey, isNew: true });
      await world.accounts.requestJoin({ linkHash, accountKey, sealed: second });
      await world.reopen();
      assert.deepEqual(await waiting(world, person), [{ username: other.username, sealed: second }]);
      assert.deepEqual(await waiting(world, other), []);
    },
  ),

  repeats("requestJoin", "brings nothing back once the request has ended", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { linkHash } = await put(world, person);
    const args = { linkHash, accountKey: other.accountKey, sealed: random(9) };
    await world.accounts.requestJoin(args);
    const [{ id }] = await world.accounts.joinRequests({ accountKey: person.accountKey, limit: 9 });
    await world.accounts.endJoinRequests({ accountKey: person.accountKey, ids: [id] });
    assert.equal((await world.accounts.requestJoin(args)).isNew, false);
    assert.deepEqual(await waiting(world, person), []);
  }),

  races("requestJoin", "lets in as many accounts as the link says", async (world) => {
    const [person, one, two] = [await world.person(), await world.person(), await world.person()];
    const { linkHash } = await put(world, person, 1);
    const outcomes = [one, two].map(({ accountKey }) =>
      outcome(world.accounts.requestJoin({ linkHash, accountKey, sealed: random(9) }))
    );
    assert.deepEqual((await Promise.all(outcomes)).sort(), ["E013", "ok"]);
  }),

  refuses("requestJoin", ErrorCode.linkOver, "for a link that is unknown, over or revoked", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const [over, revoked] = [await put(world, person), await put(world, person)];
    await world.accounts.removeLink(revoked);
    world.clock.nowMs = over.endMs;
    const ask = (linkHash: typeof over.linkHash) =>
      world.accounts.requestJoin({ linkHash, accountKey: other.accountKey, sealed: random(9) });
    await refused(ErrorCode.linkOver, ask(random(32)), ask(over.linkHash), ask(revoked.linkHash));
  }),

  refuses("requestJoin", ErrorCode.queueFull, "above the link's number, also when these have ended", async (world) => {
    const [person, one, two] = [await world.person(), await world.person(), await world.person()];
    const { linkHash } = await put(world, person, 1);
    const ask = ({ accountKey }: Person) => world.accounts.requestJoin({ linkHash, accountKey, sealed: random(9) });
    await ask(one);
    const [{ id }] = await world.accounts.joinRequests({ accountKey: person.accountKey, limit: 9 });
    await world.accounts.endJoinRequests({ accountKey: person.accountKey, ids: [id] });
    await refused(ErrorCode.queueFull, ask(two));
  }),

  refuses("requestJoin", ErrorCode.queueFull, "where 500 wait for the account", async (world) => {
    const person = await world.person();
    const links = await Promise.all([1, 2, 3, 4, 5].map(() => put(world, person, 1000)));
    const asking = await Promise.all(Array.from({ length: 101 }, () => world.person()));
    const outcomes: string[] = [];
    for (const { linkHash } of links) {
      const ask = ({ accountKey }: Person) =>
        outcome(world.accounts.requestJoin({ linkHash, accountKey, sealed: random(9) }));
      outcomes.push(...await Promise.all(asking.map(ask)));
    }
    assert.deepEqual([outcomes.filter((code) => code === "ok").length, outcomes.at(-1)], [500, "E013"]);
  }),

  refuses(
    "requestJoin",
    ErrorCode.queueFull,
    "where 125 wait by the link, and other links take more",
    async (world) => {
      const person = await world.person();
      const [{ linkHash }, other] = [await put(world, person, 1000), await put(world, person)];
      const asking = await Promise.all(Array.from({ length: 126 }, () => world.person()));
      const ask = ({ accountKey }: Person) =>
        outcome(world.accounts.requestJoin({ linkHash, accountKey, sealed: random(9) }));
      const outcomes = await Promise.all(asking.map(ask));
      assert.deepEqual([outcomes.filter((code) => code === "ok").length, outcomes.at(-1)], [125, "E013"]);
      const { accountKey } = asking[0];
      await world.accounts.requestJoin({ linkHash: other.linkHash, accountKey, sealed: random(9) });
    },
  ),

  does("joinRequests", "gives some of each link, however many wait by another", async (world) => {
    const person = await world.person();
    const [first, second] = [await put(world, person, 9), await put(world, person, 9)];
    const asking = await Promise.all([1, 2, 3, 4, 5, 6].map(() => world.person()));
    for (const [index, { accountKey }] of asking.entries()) {
      const { linkHash } = index < 4 ? first : second;
      await world.accounts.requestJoin({ linkHash, accountKey, sealed: random(9) });
    }
    const given = await world.accounts.joinRequests({ accountKey: person.accountKey, limit: 3 });
    assert.deepEqual(given.map(({ username }) => username), [0, 1, 4].map((index) => asking[index].username));
  }),

  does(
    "joinRequests",
    "gives the oldest first, none of deleted accounts, and none of links that are over",
    async (world) => {
      const [person, one, two, gone] = await Promise.all([1, 2, 3, 4].map(() => world.person()));
      const { linkHash, endMs } = await put(world, person);
      for (const { accountKey } of [two, gone, one]) {
        await world.accounts.requestJoin({ linkHash, accountKey, sealed: random(9) });
      }
      await world.operator.changeAccount({ username: gone.username, change: "delete" });
      const names = (await waiting(world, person)).map(({ username }) => username);
      assert.deepEqual(names, [two.username, one.username]);
      assert.equal((await world.accounts.joinRequests({ accountKey: person.accountKey, limit: 1 })).length, 1);
      world.clock.nowMs = endMs;
      assert.deepEqual(await waiting(world, person), []);
    },
  ),

  does("endJoinRequests", "ends requests of the account's own links alone", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { linkHash } = await put(world, person);
    await world.accounts.requestJoin({ linkHash, accountKey: other.accountKey, sealed: random(9) });
    const [{ id }] = await world.accounts.joinRequests({ accountKey: person.accountKey, limit: 9 });
    await world.accounts.endJoinRequests({ accountKey: other.accountKey, ids: [id, 999] });
    assert.equal((await waiting(world, person)).length, 1);
    await world.accounts.endJoinRequests({ accountKey: person.accountKey, ids: [id, 999] });
    assert.deepEqual(await waiting(world, person), []);
  }),

  repeats("endJoinRequests", "changes nothing", async (world) => {
    const person = await world.person();
    await world.accounts.endJoinRequests({ accountKey: person.accountKey, ids: [1] });
    await world.accounts.endJoinRequests({ accountKey: person.accountKey, ids: [1] });
    assert.deepEqual(await waiting(world, person), []);
  }),

  races("endJoinRequests", "ends a request once, whichever of two devices ends it", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { linkHash } = await put(world, person);
    await world.accounts.requestJoin({ linkHash, accountKey: other.accountKey, sealed: random(9) });
    const [{ id }] = await world.accounts.joinRequests({ accountKey: person.accountKey, limit: 9 });
    const args = { accountKey: person.accountKey, ids: [id] };
    await Promise.all([world.accounts.endJoinRequests(args), world.accounts.endJoinRequests(args)]);
    assert.deepEqual(await waiting(world, person), []);
  }),

  does("purgeExpired", "deletes links that are over with their requests, and reports of 90 days ago", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { linkHash } = await put(world, person);
    await world.accounts.requestJoin({ linkHash, accountKey: other.accountKey, sealed: random(9) });
    await world.accounts.addReport({ reporterKey: person.accountKey, accountKey: other.accountKey, text: "rude" });
    world.clock.nowMs += 90 * dayMs;
    await world.accounts.purgeExpired();
    assert.deepEqual(await world.operator.reports(), []);
    await world.accounts.putLink({ ...linkOf(world, other), linkHash });
  }),
];

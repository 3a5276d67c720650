import assert from "node:assert/strict";
import { type Bytes, sha256 } from "../../schema/bytes.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { answerOf, Rig, type TestAccount } from "./testing/rig.ts";

const hourMs = 3_600_000;
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const sealed = new Uint8Array(100).fill(7);

async function makeLink(rig: Rig, account: TestAccount, requests = 1000) {
  const token = random(32);
  const link = { linkHash: await sha256(token), publicKey: random(1216), endMs: rig.nowMs + hourMs, requests };
  await account.client.call(authentication.putLink, link);
  return { token, ...link };
}

const ask = ({ client }: TestAccount, token: Bytes) =>
  answerOf(client.call(authentication.requestJoin, { token, sealed }));

async function waiting({ client }: TestAccount) {
  return (await client.call(authentication.joinRequests, {})).requests;
}

Deno.test("CONVERSATIONS: who has a token opens its link and asks by it once; its maker ends the request", async () => {
  const rig = new Rig();
  const [anna, bert] = [await rig.account("anna"), await rig.account("bert")];
  const { token, linkHash, publicKey, endMs } = await makeLink(rig, anna);
  const opened = await bert.client.call(authentication.openLink, { token });
  assert.deepEqual(opened, { accountKey: anna.list.accountKey, publicKey, endMs });
  assert.equal(await ask(bert, token), "ok");
  assert.deepEqual(rig.changes.map(({ accountKey, to }) => [accountKey, to]), [[anna.list.accountKey, "own"]]);
  const [{ id, ...request }] = await waiting(anna);
  assert.deepEqual(request, {
    linkHash,
    accountKey: bert.list.accountKey,
    username: "bert",
    sealed,
    receivedMs: rig.nowMs,
  });
  await bert.client.call(authentication.endJoinRequests, { ids: [id] });
  assert.equal((await waiting(anna)).length, 1, "only the maker of the link ends requests");
  await anna.client.call(authentication.endJoinRequests, { ids: [id] });
  assert.equal(await ask(bert, token), "ok");
  assert.deepEqual(await waiting(anna), [], "an account asks once by a link");
  assert.equal(rig.changes.length, 1);
});

Deno.test("CONVERSATIONS: links that are unknown, revoked or over are answered alike, E027", async () => {
  const rig = new Rig();
  const [anna, bert] = [await rig.account("anna"), await rig.account("bert")];
  const [revoked, over] = [await makeLink(rig, anna), await makeLink(rig, anna)];
  await anna.client.call(authentication.removeLink, { linkHash: revoked.linkHash });
  rig.nowMs = over.endMs;
  const answers = [];
  for (const token of [random(32), revoked.token, over.token]) {
    const open = bert.client.call(authentication.openLink, { token }).catch((error) => error.message);
    answers.push(await open, await bert.client.call(authentication.requestJoin, { token, sealed }).catch(String));
  }
  assert.deepEqual(new Set(answers.map((text) => String(text).replace(/^WireError: /, ""))).size, 1, String(answers));
  assert.match(String(answers[0]), /E027/);
});

Deno.test("CONVERSATIONS: links and requests of a wrong form are E014 or E011", async () => {
  const rig = new Rig();
  const anna = await rig.account("anna");
  const link = { linkHash: random(32), publicKey: random(1216), endMs: rig.nowMs + hourMs, requests: 5 };
  const wrong = [
    { linkHash: random(31) },
    { publicKey: random(32) },
    { endMs: rig.nowMs },
    { endMs: rig.nowMs + 367 * 24 * hourMs },
    { requests: 0 },
    { requests: 1001 },
  ];
  for (const part of wrong) {
    assert.equal(await answerOf(anna.client.call(authentication.putLink, { ...link, ...part })), "E014");
  }
  const { token } = await makeLink(rig, anna);
  const request = (sealed: Bytes) => answerOf(anna.client.call(authentication.requestJoin, { token, sealed }));
  assert.equal(await request(new Uint8Array(4097)), "E011");
  assert.equal(await request(new Uint8Array()), "E014");
  assert.equal(await request(new Uint8Array(4096)), "ok");
  assert.equal(await ask(anna, random(16)), "E014");
  assert.equal(await answerOf(anna.client.call(authentication.endJoinRequests, { ids: Array(101).fill(1) })), "E014");
});

Deno.test("CONVERSATIONS: a flood of requests is E005 by account and by address, and E013 by link", async () => {
  const rig = new Rig();
  const anna = await rig.account("anna");
  const people = await Promise.all(["bert", "cleo", "dora", "emil"].map((name) => rig.account(name)));
  const links = [];
  for (let count = 0; count < 6; count++) links.push(await makeLink(rig, anna));
  const answers = [];
  for (const { token } of links) answers.push(await ask(people[0], token));
  assert.deepEqual(answers, ["ok", "ok", "ok", "ok", "ok", "E005"]);
  answers.length = 0;
  for (const { token } of links) answers.push(await ask(people[1], token));
  assert.deepEqual(answers, ["ok", "ok", "ok", "ok", "ok", "E005"]);
  assert.equal(await ask(people[2], links[0].token), "E005", "the address has asked ten times");
  rig.remoteAddress = "198.51.100.7";
  const one = await makeLink(rig, anna, 1);
  assert.deepEqual([await ask(people[2], one.token), await ask(people[3], one.token)], ["ok", "E013"]);
});

Deno.test("CONVERSATIONS: an address opens 30 links in a minute", async () => {
  const rig = new Rig();
  const bert = await rig.account("bert");
  const open = () => answerOf(bert.client.call(authentication.openLink, { token: random(32) }));
  const answers = [];
  for (let count = 0; count < 31; count++) answers.push(await open());
  assert.deepEqual([answers[0], answers[29], answers[30]], ["E027", "E027", "E005"]);
});

Deno.test("CONVERSATIONS: settings are the account's alone, versioned, and tell its other devices", async () => {
  const rig = new Rig();
  const [anna, bert] = [await rig.account("anna"), await rig.account("bert")];
  const put = ({ client }: TestAccount, expectedVersion: number, sealed: Bytes) =>
    answerOf(client.call(authentication.putSettings, { expectedVersion, sealed, invitedOnly: true }));
  assert.equal(await put(anna, 0, random(9)), "ok");
  assert.deepEqual([await put(anna, 0, random(9)), await put(bert, 1, random(9))], ["E015", "E015"]);
  assert.equal((await bert.client.call(authentication.getSettings, {})).version, 0);
  assert.equal((await anna.client.call(authentication.getSettings, {})).version, 1);
  assert.deepEqual(rig.changes.map(({ accountKey, to, by }) => [accountKey, to, by]), [
    [anna.list.accountKey, "own", anna.device.recipientKey],
  ]);
  assert.equal(await put(anna, 1, new Uint8Array()), "E014");
  assert.equal(await put(anna, 1, new Uint8Array(131_073)), "E011");
  assert.equal(await put(anna, 1, new Uint8Array(131_072)), "ok");
});

Deno.test("CONVERSATIONS: fetchKeyPackage of an account that takes invited people wants a link's token", async () => {
  const rig = new Rig();
  const [anna, bert] = [await rig.account("anna"), await rig.account("bert")];
  const { token } = await makeLink(rig, anna);
  const settings = { expectedVersion: 0, sealed, invitedOnly: true };
  await anna.client.call(authentication.putSettings, settings);
  const fetch = (linkToken: Bytes) =>
    answerOf(
      bert.client.call(authentication.fetchKeyPackage, { accountKey: anna.list.accountKey, deviceIds: [], linkToken }),
    );
  // E024: anna's device has no KeyPackage, so that the call was let through.
  assert.deepEqual([await fetch(new Uint8Array()), await fetch(random(32)), await fetch(token)], [
    "E026",
    "E026",
    "E024",
  ]);
  assert.equal(await fetch(random(5)), "E014");
});

Deno.test("CONVERSATIONS: a report is bounded in bytes and number, and reaches the operator as it is", async () => {
  const rig = new Rig();
  const [anna, bert] = [await rig.account("anna"), await rig.account("bert")];
  const report = (text: string, accountKey = bert.list.accountKey) =>
    answerOf(anna.client.call(authentication.report, { accountKey, text }));
  assert.deepEqual([await report(""), await report("ü".repeat(32_769)), await report("x", random(32))], [
    "E014",
    "E011",
    "E012",
  ]);
  for (let count = 0; count < 10; count++) assert.equal(await report("ü".repeat(32_768)), "ok");
  assert.equal(await report("more"), "E005");
});

Deno.test("CONVERSATIONS: an account has 50 links, and 500 requests wait for it, at most", async () => {
  const rig = new Rig();
  const anna = await rig.account("anna");
  const links = [];
  for (let count = 0; count < 50; count++) links.push(await makeLink(rig, anna, 20));
  const more = { linkHash: random(32), publicKey: random(1216), endMs: rig.nowMs + hourMs, requests: 1 };
  assert.equal(await answerOf(anna.client.call(authentication.putLink, more)), "E032");
  const people = await Promise.all(Array.from({ length: 11 }, (_, index) => rig.account(`person${index}`)));
  const answers = [];
  for (const { linkHash } of links) {
    for (const { list: { accountKey } } of people) {
      answers.push(await answerOf(rig.store.accounts.requestJoin({ linkHash, accountKey, sealed })));
    }
  }
  assert.deepEqual([answers[499], answers[500], answers.filter((code) => code === "ok").length], ["ok", "E013", 500]);
});

Deno.test("CONVERSATIONS: 125 requests wait by a link at most, and do not hide those of other links", async () => {
  const rig = new Rig();
  const anna = await rig.account("anna");
  const [flooded, other] = [await makeLink(rig, anna), await makeLink(rig, anna)];
  const people = await Promise.all(Array.from({ length: 126 }, (_, index) => rig.account(`person${index}`)));
  const answers = [];
  for (const { list: { accountKey } } of people) {
    answers.push(await answerOf(rig.store.accounts.requestJoin({ linkHash: flooded.linkHash, accountKey, sealed })));
  }
  assert.deepEqual([answers[124], answers[125]], ["ok", "E013"]);
  assert.equal(await ask(people[0], other.token), "ok");
  const found = await waiting(anna);
  assert.equal(found.length, 40);
  assert.deepEqual(found.at(-1)!.linkHash, other.linkHash);
});

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { linkText, parseLink } from "../account/links/link_text.ts";
import { type Person, suite } from "../testing/person.ts";
import { joinAll } from "../testing/join_all.ts";
import { Wiretap } from "../testing/wiretap.ts";

const forMs = 3_600_000;

const asked = (person: Person, count = 1) =>
  person.until(async () => {
    const requests = await person.engine.joinRequests();
    return requests.length === count ? requests : undefined;
  }, `${count} requests`);

suite("CONVERSATIONS: invite links", {
  "CONVERSATIONS: a contact link opens a chat at once on both sides, and the server never sees its secret": async (
    { join },
  ) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const taps = [new Wiretap(), new Wiretap()];
    for (const [index, person] of [anna, bert].entries()) {
      person.wrapTransport = taps[index].wrap;
      await person.close();
      await person.start();
      await person.connected();
    }
    const { code, kind, linkId } = await anna.engine.makeLink({ forMs });
    assert.equal(kind, "chat");
    const preview = await bert.engine.readLink(`https://chat.example/#/i/${code}`);
    assert.deepEqual([preview.state, preview.username, preview.chatId], ["open", anna.username, undefined]);
    const { chatId } = await bert.engine.useLink(code);
    assert.equal((await anna.sees(chatId!, ({ invitation }) => !invitation)).title, bert.username);
    await bert.says(chatId!, "found you");
    await anna.hears(chatId!, bert.username, ["found you"]);
    assert.equal((await bert.engine.readLink(code)).chatId, chatId);
    assert.equal((await bert.engine.useLink(code)).chatId, chatId, "again, it leads to the same chat");
    assert.deepEqual((await anna.engine.links()).map((link) => link.linkId), [linkId]);
    const secret = toHex(parseLink(code)!.secret);
    const sent = taps.flatMap(({ calls }) => calls).map(({ params }) => hexOf(params)).join();
    assert.ok(sent.length > 10_000 && !sent.includes(secret), "the secret stays with those who have the link");
  },

  "CONVERSATIONS: while its maker is away, a contact link opens the chat, which is none to accept later": async (
    { join },
  ) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const { code } = await anna.engine.makeLink({ forMs });
    await anna.engine.setContactPolicy("invited");
    await anna.close();
    const { chatId } = await bert.engine.useLink(code);
    await bert.says(chatId!, "hello");
    await anna.start();
    await anna.sees(chatId!, ({ invitation }) => !invitation);
    await anna.hears(chatId!, bert.username, ["hello"]);
  },

  "CONVERSATIONS: a link into a group asks its admin, who lets one in and declines the other": async ({ join }) => {
    const [anna, bert, carl] = await joinAll(join, "anna", "bert", "carl");
    const chatId = await anna.engine.startChat([], "garden");
    const { code } = await anna.engine.makeLink({ chatId, forMs });
    assert.deepEqual(await bert.engine.useLink(code, "it is me, bert"), {});
    await carl.engine.useLink(code);
    const [ofBert, ofCarl] = await asked(anna, 2);
    assert.deepEqual([ofBert.username, ofBert.note, ofBert.chatId], [bert.username, "it is me, bert", chatId]);
    await anna.engine.answerJoinRequest(ofBert.requestId, true);
    await anna.engine.answerJoinRequest(ofCarl.requestId, false);
    assert.equal((await bert.sees(chatId)).title, "garden");
    assert.equal(await carl.chat(chatId), undefined);
    assert.deepEqual(await anna.engine.joinRequests(), []);
    await carl.engine.useLink(code);
    await anna.engine.wake();
    assert.deepEqual(await anna.engine.joinRequests(), [], "who was declined is not asked about again");
  },

  "CONVERSATIONS: a link that lets in lets an account in once, and is asked about after a removal": async (
    { join },
  ) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const chatId = await anna.engine.startChat([], "open house");
    const { code } = await anna.engine.makeLink({ chatId, letsIn: true, forMs });
    await bert.engine.useLink(code);
    await bert.sees(chatId);
    await anna.engine.removePerson(chatId, bert.username);
    await bert.sees(chatId, ({ active }) => !active);
    await bert.engine.useLink(code);
    const other = await anna.engine.makeLink({ chatId, letsIn: true, forMs });
    await bert.engine.useLink(other.code);
    await bert.sees(chatId, ({ active }) => active);
  },

  "CONVERSATIONS: only admins make links into a group, and none is made into a chat of two": async ({ join }) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const group = await anna.engine.startChat([bert.username], "garden");
    const direct = await anna.engine.startChat([bert.username]);
    await bert.sees(group);
    await assert.rejects(bert.engine.makeLink({ chatId: group, forMs }), /L019/);
    await assert.rejects(anna.engine.makeLink({ chatId: direct, forMs }), /L019/);
    await assert.rejects(anna.engine.makeLink({ chatId: await anna.engine.noteToSelf(), forMs }), /L019/);
    await assert.rejects(anna.engine.makeLink({ forMs: 59_999 }), /L041/);
    await assert.rejects(anna.engine.makeLink({ forMs: 367 * 24 * forMs }), /L041/);
  },

  "CONVERSATIONS: a link that is revoked, over, one's own or not a link is said to be so": async ({ core, join }) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const { code, linkId } = await anna.engine.makeLink({ forMs });
    assert.equal((await anna.engine.readLink(code)).state, "own");
    await anna.engine.revokeLink(linkId);
    assert.equal((await bert.engine.readLink(code)).state, "over");
    assert.deepEqual(await anna.engine.links(), []);
    await assert.rejects(bert.engine.useLink(code), /L041/);
    await assert.rejects(bert.engine.readLink("https://example.com/"), /L041/);
    const short = await anna.engine.makeLink({ forMs: 60_000 });
    const over = linkText({ ...parseLink(short.code)!, endMs: 1 });
    assert.equal((await bert.engine.readLink(over)).state, "over");
    void core;
  },

  "CONVERSATIONS: a link that names another account, key or secret opens nothing": async ({ join }) => {
    const [anna, bert, mallory] = await joinAll(join, "anna", "bert", "mallory");
    const [ofAnna, ofMallory] = await Promise.all(
      [anna, mallory].map(async ({ engine }) => parseLink((await engine.makeLink({ forMs })).code)!),
    );
    const named = linkText({ ...ofMallory, username: anna.username });
    assert.equal((await bert.engine.readLink(named)).state, "unknown", "mallory's link under anna's name");
    const keyed = linkText({ ...ofMallory, accountKey: ofAnna.accountKey, username: anna.username });
    await assert.rejects(bert.engine.readLink(keyed), /L020/, "mallory's link with anna's key");
    const sealedTo = linkText({ ...ofAnna, publicKeyHash: ofMallory.publicKeyHash });
    await assert.rejects(bert.engine.readLink(sealedTo), /L020/, "anna's link with the key of another");
    const guessed = linkText({ ...ofAnna, secret: fromHex("00".repeat(16)) });
    assert.equal((await bert.engine.readLink(guessed)).state, "over");
    for (const code of [named, keyed, sealedTo, guessed]) await assert.rejects(bert.engine.useLink(code), /L0(20|41)/);
    assert.deepEqual(await bert.engine.chats(), []);
  },

  "CONVERSATIONS: every device of the account has its links, and one of them carries a request out": async (
    { core, join },
  ) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const chatId = await anna.engine.startChat([], "garden");
    const { code, linkId } = await anna.engine.makeLink({ chatId, letsIn: true, forMs });
    const second = await anna.secondDevice(core);
    await second.sees(chatId);
    await second.until(async () => (await second.engine.links()).some((link) => link.linkId === linkId), "the link");
    await anna.close();
    await bert.engine.useLink(code);
    await bert.sees(chatId);
    await second.close();
  },

  "CONVERSATIONS: a new device that is in no group yet leaves the requests to those that are": async (
    { core, join },
  ) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const chatId = await anna.engine.startChat([], "garden");
    const { code } = await anna.engine.makeLink({ chatId, forMs });
    await bert.engine.useLink(code, "it is me, bert");
    await asked(anna);
    await anna.close();
    const second = await anna.secondDevice(core);
    await second.until(async () => (await second.engine.links()).length === 1, "the link");
    let looks = 0;
    second.refuses = (method) => (method === "joinRequests" && looks++, false);
    second.disconnect();
    await second.until(() => looks > 0, "a look");
    await second.until(() => false, "the look's end", 1_000).catch(() => {});
    assert.deepEqual([await second.chat(chatId), await second.engine.joinRequests()], [undefined, []]);
    await anna.start();
    const [request] = await asked(anna);
    await anna.engine.answerJoinRequest(request.requestId, true);
    await bert.sees(chatId);
    await second.close();
  },
});

/** All byte strings of a call's parameters. */
function hexOf(value: unknown): string {
  if (value instanceof Uint8Array) return toHex(value);
  return typeof value === "object" && value !== null ? Object.values(value).map(hexOf).join() : "";
}

/** An account that its user deletes: what its chats, its other devices and a lost answer make of it. */

import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
import { decodeCall, encodeError } from "../../schema/rpc/calls_and_returns.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { EngineError } from "../api/errors.ts";
import type { Connection, Transport } from "../connection/transport.ts";
import { storeNames } from "../storage/storage.ts";
import { password, type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const stateOf = async (person: Person) => (await person.engine.account()) as { kind: string; code?: string };
const refused = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === code);

/** @returns how many records of the account the device still has; the fence stays */
async function recordsOf(person: Person): Promise<number> {
  const found = await Promise.all(
    storeNames.filter((name) => name !== "meta").map((name) => person.storage.range(name, "")),
  );
  return found.flat().length;
}

/** A server of a version without `deleteAccount`, as it answers a method that it does not know. */
const olderServer = (transport: Transport): Transport => ({
  connect: async (signal) => {
    const connection = await transport.connect(signal);
    const older: Connection = {
      transport: connection.transport,
      closed: connection.closed,
      close: () => connection.close(),
      openStream: async (streamSignal) => {
        const stream = await connection.openStream(streamSignal);
        const answers = new TransformStream<Uint8Array, Uint8Array>();
        const calls = new TransformStream<Uint8Array, Uint8Array>({
          transform: (piece, controller) => {
            const { methodId, interfaceId } = decodeCall(new Uint8Array(piece));
            const { deleteAccount } = authentication;
            const isKnown = methodId !== deleteAccount.methodId || interfaceId !== deleteAccount.interfaceId;
            if (isKnown) void stream.readable.pipeTo(answers.writable).catch(() => {});
            else {
              const writer = answers.writable.getWriter();
              void writer.write(encodeError(new WireError(ErrorCode.malformed, "unknown method")));
              void writer.close();
            }
            if (isKnown) controller.enqueue(piece);
            else controller.error(new Error("not passed on"));
          },
        });
        calls.readable.pipeTo(stream.writable).catch(() => {});
        return { readable: answers.readable, writable: calls.writable };
      },
    };
    return older;
  },
});

suite("SERVERS 14: a user deletes the account", {
  "SERVERS 14: it leaves its chats, a last admin makes another one admin, and the device is empty": async (
    { join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const group = await anna.engine.startChat([bert.username, carl.username], "hikers");
    const direct = await bert.engine.startChat([anna.username]);
    await Promise.all([bert.sees(group), carl.sees(group), anna.sees(direct)]);
    await anna.says(group, "farewell");
    await anna.engine.deleteAccount(password);
    assert.deepEqual(await stateOf(anna), { kind: "signed-out" });
    assert.deepEqual([await recordsOf(anna), anna.sentinel, await anna.engine.chats()], [0, undefined, []]);
    const members = ({ username }: Person) => (chat: { members: { username: string; role: string }[] }) =>
      !chat.members.some((member) => member.username === anna.username) &&
      chat.members.some((member) => member.username === username);
    await bert.sees(group, members(carl));
    await carl.sees(group, ({ members }) => members.some(({ role }) => role === "admin") && members.length === 2);
    await bert.hears(group, anna.username, ["farewell"]);
    assert.ok((await bert.notices(group)).includes(`left ${anna.username}`), (await bert.notices(group)).join("; "));
    await bert.says(group, "she is gone");
    await carl.hears(group, bert.username, ["she is gone"]);
    assert.deepEqual(await bert.engine.findPeople(anna.username), []);
    await refused(anna.engine.createAccount(anna.username, password), "E007");
    await refused(anna.engine.signIn(anna.username, password), "L022");
  },

  "SERVERS 14: a wrong password deletes nothing and leaves no chat": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hikers");
    await bert.sees(chatId);
    await refused(anna.engine.deleteAccount("another horse, another battery"), "L022");
    assert.equal((await anna.chat(chatId))?.active, true);
    await anna.says(chatId, "still here");
    await bert.hears(chatId, anna.username, ["still here"]);
  },

  "SERVERS 14: an own device is told that the account was deleted, and members take it out": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "hikers");
    await anna.sees(chatId);
    const second = await anna.secondDevice(core);
    try {
      await second.sees(chatId);
      second.online = false;
      second.disconnect();
      await anna.engine.deleteAccount(password);
      second.online = true;
      await second.until(async () => (await stateOf(second)).kind === "ended", "the end");
      assert.equal((await stateOf(second)).code, "deleted");
      await second.crash();
      assert.equal((await stateOf(second)).code, "deleted", "also after a restart");
      await bert.sees(chatId, ({ members }) => members.length === 1);
      await second.engine.signOut();
      assert.equal(await recordsOf(second), 0);
    } finally {
      await second.close();
    }
  },

  "SERVERS 14: where no request to leave got through, the last device list has the devices taken out": async (
    { join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await bert.engine.startChat([anna.username, carl.username], "hikers");
    await Promise.all([anna.sees(chatId), carl.sees(chatId)]);
    anna.refuses = (method) => method === "publish" || method === "commit";
    // Its patience ends by this device's clock.
    const left = anna.engine.deleteAccount(password);
    await left;
    anna.refuses = () => false;
    await bert.sees(chatId, ({ members }) => members.length === 2);
    await carl.sees(chatId, ({ members }) => members.length === 2);
  },

  "SERVERS 14: a lost answer does not undo it, and a call that never arrived leaves all as it was": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const tap = new Wiretap();
    tap.losesAnswer = ({ method, params }) => method === "deleteAccount" && (params.signature as Bytes).length > 0;
    for (const person of [anna, bert]) {
      person.wrapTransport = tap.wrap;
      await person.crash();
      await person.connected();
    }
    await anna.engine.deleteAccount(password);
    assert.deepEqual(await stateOf(anna), { kind: "signed-out" });
    await refused(bert.engine.signIn(anna.username, password), "L012");
    bert.refuses = (method) => method === "deleteAccount";
    await refused(bert.engine.deleteAccount(password), "E050");
    bert.refuses = () => false;
    await bert.connected();
    assert.equal((await stateOf(bert)).kind, "signed-in");
    assert.deepEqual(await bert.engine.findPeople(anna.username), []);
  },

  "SERVERS 14: an older server is told from a newer one, and no chat is left": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hikers");
    await bert.sees(chatId);
    anna.wrapTransport = olderServer;
    await anna.crash();
    await anna.connected();
    await refused(anna.engine.deleteAccount(password), "L037");
    assert.equal((await anna.chat(chatId))?.active, true);
  },

  "SERVERS 14: a restored server that has lost two device lists deletes the account, too": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hikers");
    await bert.sees(chatId);
    const copy = await core.backup();
    const second = await anna.secondDevice(core);
    const { deviceId } = (await anna.engine.devices()).find(({ current }) => !current)!;
    await anna.engine.revokeDevice(deviceId, password);
    await second.close();
    await core.restore(copy);
    await anna.connected();
    await anna.engine.deleteAccount(password);
    assert.deepEqual(await stateOf(anna), { kind: "signed-out" });
    assert.deepEqual(await bert.engine.findPeople(anna.username), []);
  },

  "SERVERS 14: a device whose question got no answer is not told that it was removed": async ({ core, join }) => {
    const anna = await join("anna");
    const second = await anna.secondDevice(core);
    try {
      const tap = new Wiretap();
      let lost = 0;
      tap.losesAnswer = ({ method }) => method === "deleteAccount" && lost++ < 2;
      second.wrapTransport = tap.wrap;
      await second.crash();
      await second.connected();
      await anna.engine.deleteAccount(password);
      await second.until(async () => (await stateOf(second)).kind === "ended", "the end");
      assert.equal((await stateOf(second)).code, "deleted");
      assert.ok(lost > 2, `${lost} questions`);
    } finally {
      await second.close();
    }
  },
});

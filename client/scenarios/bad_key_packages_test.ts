import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { LocalCode } from "../api/errors.ts";
import { ownCapabilities } from "../mls/extensions.ts";
import type { Spoiled } from "../mls/testing/spoiled_key_package.ts";
import { random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { joinAll } from "../testing/join_all.ts";
import { type Person, suite } from "../testing/person.ts";
import { moved, replaceableGroup } from "../testing/replacement.ts";
import { handOut } from "../testing/spoiled_devices.ts";

const smallOrder = new Uint8Array(32);
const oneKey = new Uint8Array(32).fill(9);

/** What a hostile client can put on a server that does not check it. */
const kinds: Record<string, Spoiled | Uint8Array<ArrayBuffer>> = {
  "no KeyPackage at all": new Uint8Array([1, 2, 3]),
  "a leaf key of small order": { leafKey: smallOrder },
  "an init key of small order": { initKey: smallOrder },
  "an X-Wing key that nobody can seal to": { xwingKey: new Uint8Array(1216).fill(0xff) },
  "one key for leaf and init": { leafKey: oneKey, initKey: oneKey },
  "capabilities without the group's": { capabilities: { ...ownCapabilities(), extensions: [0xf0a0] } },
  expired: { expiredMs: 1000 },
};

const codes = (person: Person) => (person.problems as { code: string }[]).map(({ code }) => code);
const names = (people: Person[]) => people.map(({ username }) => username).sort();

async function membersOf(person: Person, chatId: string): Promise<string[]> {
  return (await person.chat(chatId))!.members.map(({ username }) => username).sort();
}

suite("a KeyPackage that the server should have refused", {
  "PEOPLE A2: a person without a usable device is named, and the others are added": async ({ core, join }) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    await mallory.engine.close();
    for (const [kind, spoiled] of Object.entries(kinds)) {
      await handOut(core, mallory, spoiled);
      const chatId = await anna.engine.startChat([mallory.username, bert.username], kind);
      await bert.sees(chatId);
      assert.deepEqual(await membersOf(anna, chatId), names([anna, bert]), kind);
      assert.ok((await anna.notices(chatId)).includes(`not-added ${mallory.username}`), kind);
      await anna.engine.addPeople(chatId, [mallory.username, carl.username]);
      await bert.sees(chatId, ({ members }) => members.length === 3);
      const alone = anna.engine.addPeople(chatId, [mallory.username]);
      await assert.rejects(alone, new RegExp(`${LocalCode.badKeyPackage}.*${mallory.username}`), kind);
      await assert.rejects(anna.engine.startChat([mallory.username]), new RegExp(mallory.username), kind);
    }
    assert.deepEqual(codes(anna), [LocalCode.badKeyPackage], "the device is named once");
  },

  "PEOPLE A2: of a person's devices the good ones are added": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const second = await bert.secondDevice(core);
    await handOut(core, second, { leafKey: smallOrder });
    await second.engine.close();
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await anna.says(chatId, "to the first");
    await bert.hears(chatId, anna.username, ["to the first"]);
    assert.deepEqual(codes(anna), [LocalCode.badKeyPackage]);
  },

  "PEOPLE A2: a device without a KeyPackage keeps neither its person's other devices out nor other people": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const old = await bert.secondDevice(core);
    for (const device of [old, mallory]) {
      await handOut(core, device, () => Promise.reject(new WireError(ErrorCode.noKeyPackageLeft, "none left")));
      await device.engine.close();
    }
    const chatId = await anna.engine.startChat([bert.username, mallory.username, carl.username], "whoever can come");
    for (const person of [bert, carl]) await person.sees(chatId);
    assert.deepEqual(await membersOf(anna, chatId), names([anna, bert, carl]));
    assert.ok((await anna.notices(chatId)).includes(`not-added ${mallory.username}`));
    await assert.rejects(anna.engine.startChat([mallory.username]), new RegExp(mallory.username));
    const direct = await anna.engine.startChat([bert.username]);
    await anna.says(direct, "to the new phone");
    await bert.hears(direct, anna.username, ["to the new phone"]);
  },

  "PEOPLE A2: an honest person's new device comes in while a member's bad one waits": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    for (const person of [anna, bert, mallory]) await person.engine.close();
    const bad = await mallory.secondDevice(core);
    await handOut(core, bad, { initKey: smallOrder });
    await bad.engine.close();
    const phone = await bert.secondDevice(core);
    await anna.start();
    try {
      await phone.sees(chatId);
      await anna.says(chatId, "to the phone");
      await phone.hears(chatId, anna.username, ["to the phone"]);
    } finally {
      await phone.close();
    }
  },

  "PEOPLE A2: a replacement channel is made though a member has no good KeyPackage": async ({ core, join }) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await replaceableGroup([anna, bert, carl, mallory]);
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    await handOut(core, mallory, { leafKey: smallOrder });
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, { commit: random(500) });
    await moved([anna, bert, carl], chatId);
    await anna.says(chatId, "we go on");
    for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["we go on"]);
    assert.deepEqual(await membersOf(bert, chatId), names([anna, bert, carl]));
  },
});

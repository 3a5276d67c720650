/** A server's claim that it was restored (GRP-6.8): nothing old is read by a device that came later. */

import assert from "node:assert/strict";
import { type Person, suite } from "../testing/person.ts";

const dayMs = 24 * 3_600_000;

/** The account's second device, in a chat that the first one has. */
async function phoneOf(person: Person, core: Parameters<Person["secondDevice"]>[0], chatId: string): Promise<Person> {
  const phone = await person.secondDevice(core);
  try {
    // It looks for new devices of the account when it connects.
    await person.crash();
    await phone.sees(chatId);
    await person.connected();
    return phone;
  } catch (error) {
    await phone.close();
    throw error;
  }
}

suite("PEOPLE A3: a server that says that it was restored", {
  "PEOPLE A3: GRP-6.8: a device added after is not sent the old text, and who was there gets it alone": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    const beforeMs = core.time.now();
    await anna.says(chatId, "read by all");
    for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["read by all"]);
    bert.online = false;
    bert.disconnect();
    await anna.says(chatId, "lost for bert");
    await anna.settled(chatId);
    await carl.hears(chatId, anna.username, ["read by all", "lost for bert"]);
    const phone = await phoneOf(anna, core, chatId);
    try {
      await core.claimRestore(beforeMs);
      await anna.until(async () => (await anna.notices(chatId)).includes("resent 2"), "the line");
      bert.online = true;
      await bert.hears(chatId, anna.username, ["read by all", "lost for bert"]);
      await anna.says(chatId, "for the phone, too");
      await phone.hears(chatId, anna.username, ["for the phone, too"]);
      for (const person of [bert, carl]) {
        await person.hears(chatId, anna.username, ["read by all", "lost for bert", "for the phone, too"]);
      }
      assert.deepEqual(await phone.texts(chatId), ["for the phone, too"]);
    } finally {
      await phone.close();
    }
  },

  "PEOPLE A3: a crash and a full queue lose nothing of what goes to devices alone": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    bert.online = false;
    bert.disconnect();
    const beforeMs = core.time.now();
    await anna.says(chatId, "lost for bert");
    await anna.settled(chatId);
    const phone = await phoneOf(anna, core, chatId);
    try {
      let refused = 0;
      anna.refuses = (method) => method === "enqueue" && ++refused > 0;
      await core.claimRestore(beforeMs);
      await anna.until(async () => (await anna.notices(chatId)).includes("resent 1"), "the line");
      await anna.until(() => refused > 0, "a first try");
      anna.refuses = () => false;
      await anna.crash();
      bert.online = true;
      await bert.hears(chatId, anna.username, ["lost for bert"]);
      assert.deepEqual(await phone.texts(chatId), []);
    } finally {
      await phone.close();
    }
  },

  "PEOPLE A3: what does not reach a device in 7 days is a line": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    const beforeMs = core.time.now();
    await anna.says(chatId, "never given");
    await bert.hears(chatId, anna.username, ["never given"]);
    const phone = await phoneOf(anna, core, chatId);
    try {
      let refused = 0;
      anna.refuses = (method) => method === "enqueue" && ++refused > 0;
      await core.claimRestore(beforeMs);
      await anna.until(() => refused > 0, "a first try");
      core.time.pass(8 * dayMs);
      anna.refuses = () => false;
      await anna.crash();
      await anna.until(async () => (await anna.notices(chatId)).includes("not-resent 1"), "the line");
      await anna.says(chatId, "new");
      await phone.hears(chatId, anna.username, ["new"]);
    } finally {
      await phone.close();
    }
  },

  "PEOPLE A3: while nobody came, all is sent again to the group, and nothing that is older than 30 days": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    const said: string[] = [];
    for (const days of [0, 11, 10, 10]) {
      core.time.pass(days * dayMs);
      said.push(`${said.length}`);
      await anna.says(chatId, said.at(-1)!);
      await bert.hears(chatId, anna.username, said);
    }
    await core.claimRestore(0);
    await anna.until(
      async () => (await anna.notices(chatId)).some((notice) => notice.startsWith("resent")),
      "the line",
    );
    const resent = async () => (await anna.notices(chatId)).filter((notice) => notice.startsWith("resent"));
    assert.deepEqual(await resent(), ["resent 3"]);
    // Claims that follow each other make no further lines.
    core.time.pass(11 * dayMs);
    await core.claimRestore(0);
    await anna.until(async () => (await resent()).includes("resent 2"), "the line of the second claim");
    assert.deepEqual(await resent(), ["resent 2"]);
  },
});

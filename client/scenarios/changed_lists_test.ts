import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { password, Person, suite } from "../testing/person.ts";

suite("a changed device list reaches those who have something to do", {
  "PEOPLE B1: a device of the account that is online adds a new one at once, with one KeyPackage for each chat": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const direct = await anna.engine.startChat([bert.username]);
    const trio = await anna.engine.startChat([bert.username], "Board");
    await bert.sees(trio);
    for (const person of [anna, bert]) await person.engine.settled(AbortSignal.timeout(20_000));
    const second = await anna.secondDevice(core);
    try {
      for (const chatId of [direct, trio]) {
        assert.equal((await second.sees(chatId)).invitation, false);
        const adder = `device-added ${anna.username}`;
        await bert.until(
          async () => (await bert.notices(chatId)).some((notice) => notice.startsWith(adder)),
          "the line about the device",
        );
      }
      await bert.says(trio, "all of us");
      await second.until(async () => (await second.texts(trio)).includes("all of us"), "what is said from now on");
      for (const chatId of [direct, trio]) assert.equal(core.log.channel(chatId).members.length, 3, "one commit each");
    } finally {
      await second.close();
    }
  },
});

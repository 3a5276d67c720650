/** A revoked device is removed by one member, and not by all at once. */

import assert from "node:assert/strict";
import { password, Person, suite } from "../testing/person.ts";
import { testEnvironment } from "../testing/test_environment.ts";

/** So little shrunk that a commit is through before the next one's turn. */
const speed = 1;

suite("a revoked device in a group", {
  "is removed by one of those who come online together, and the others make no commit in vain": async (
    { core, join },
  ) => {
    const dora = await join("dora");
    const others = await Promise.all(
      ["anna", "bert", "carl", "eve", "finn"].map((name, index) =>
        Person.join(core, `${name}-r`, 50 + index, testEnvironment(50 + index, speed))
      ),
    );
    try {
      const [anna] = others;
      const chatId = await anna.engine.startChat(
        [...others.slice(1), dora].map(({ username }) => username),
        "The Long Walk",
      );
      await Promise.all([...others, dora].map((person) => person.sees(chatId)));
      for (const person of others) {
        person.online = false;
        person.disconnect();
      }
      await dora.evict();
      await dora.engine.signIn(dora.username, password);
      for (const person of others) {
        person.online = true;
        void person.engine.wake();
      }
      for (const person of others) {
        await person.until(
          async () => (await person.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
          "the removal",
        );
      }
      await Promise.all(others.map((person) => person.engine.settled(AbortSignal.timeout(60_000))));
      const inVain = [...core.log.channel(chatId).conflicts.values()].reduce((sum, count) => sum + count, 0);
      assert.ok(inVain <= 1, `${inVain} commits in vain`);
      await anna.says(chatId, "on we go");
      for (const person of others.slice(1)) await person.hears(chatId, anna.username, ["on we go"]);
    } finally {
      for (const person of others) await person.close();
    }
  },
});

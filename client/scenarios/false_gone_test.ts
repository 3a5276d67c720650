/** An admin's word that the group has gone, when it has not: by malice, or by an admin who went the wrong way alone. */

import assert from "node:assert/strict";
import { fromHex } from "../../schema/bytes.ts";
import { none, sendDeviceMessage } from "../sync/device_messages/device_messages.ts";
import { deviceOf } from "../testing/forged_group.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { replaceableGroup } from "../testing/replacement.ts";

/** Anna, an admin, has said to bert, another admin, and to carl that the group has gone. */
async function toldAll({ join, core }: World) {
  const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
  const chatId = await replaceableGroup([anna, bert, carl]);
  await anna.engine.setRole(chatId, bert.username, "admin");
  for (const person of [bert, carl]) {
    await person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2);
  }
  const { rpc } = await takeOver(core, anna, chatId);
  const { device } = await deviceOf(anna, rpc, []);
  const content = { kind: "gone" as const, n: 1, commitId: none, channelId: random(32) };
  for (const person of [bert, carl]) {
    await sendDeviceMessage(
      { rpc, account: device } as never,
      fromHex(chatId),
      await person.recipientKey(),
      content,
    );
    await person.until(
      async () => (await person.notices(chatId)).includes(`left-behind ${anna.username}`),
      "an admin's word",
    );
  }
  const waiting = async (person: Person) =>
    (await person.items(chatId)).filter((item) => item.kind === "message" && item.state === "waiting").length;
  return { anna, bert, carl, chatId, waiting };
}

suite("a group of which an admin says that it has gone, and it has not", {
  "PEOPLE B0: goes on when the admin is taken out, also where nobody else speaks": async (world) => {
    const { anna, bert, carl, chatId, waiting } = await toldAll(world);
    await bert.says(chatId, "is anybody here?");
    assert.equal(await waiting(bert), 1);
    await bert.engine.removePerson(chatId, anna.username);
    await carl.hears(chatId, bert.username, ["is anybody here?"]);
  },

  "PEOPLE B0: does not stand still where everybody was told so": async (world) => {
    const { bert, carl, chatId, waiting } = await toldAll(world);
    await bert.says(chatId, "is anybody here?");
    assert.equal(await waiting(bert), 1);
    world.core.time.pass(2 * 3_600_000);
    await carl.hears(chatId, bert.username, ["is anybody here?"]);
    await carl.says(chatId, "I am");
    await bert.hears(chatId, carl.username, ["I am"]);
  },
});

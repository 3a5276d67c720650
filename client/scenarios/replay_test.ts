import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { EntryKind } from "../../schema/rpc/methods.ts";
import { random } from "../testing/hostile_member.ts";
import { injectedEntry } from "../testing/injected_entry.ts";
import { suite } from "../testing/person.ts";

suite("a server that replays what it recorded", {
  "GRP-7.3: a recorded last-resort Welcome does not take a device back, not even after a forged removal": async (
    { core, join },
  ) => {
    core.hostile.lastResortOnly = true;
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await anna.engine.startChat([bert.username, mallory.username], "replayed");
    await bert.sees(chatId);
    await mallory.sees(chatId);
    await anna.engine.removePerson(chatId, mallory.username);
    await bert.sees(chatId, ({ members }) => members.length === 2);

    const recipientKey = await bert.recipientKey();
    const welcome = core.hostile.welcomes.get(toHex(recipientKey))!;
    assert.equal(welcome.epoch, 1);
    const removal = injectedEntry(chatId, { kind: EntryKind.REMOVED, epoch: 3 });
    core.inject(recipientKey, [removal, { ...welcome, seq: 1001, id: random(16) }]);
    await bert.until(async () => (await bert.notices(chatId)).includes("rejected GRP-7.3"), "the refusal");
    const notices = await bert.notices(chatId);
    assert.equal(notices.some((notice) => notice.startsWith("rejoined")), false);
    assert.equal((await bert.chat(chatId))!.active, false, "removed is the server's word, and only that");
    core.hostile.lastResortOnly = false;
  },
});

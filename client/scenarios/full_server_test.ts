import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { joinAll } from "../testing/join_all.ts";
import { type Person, suite } from "../testing/person.ts";

/** What a server whose disk is nearly full refuses (server-core/disk_space.ts). */
const refused = ["createChannel", "commit", "publish", "enqueue", "putVault", "uploadKeyPackages"];

/** The server refuses what stores more. @returns the methods that were tried, and makes room */
function fill(person: Person): { tried: Set<string>; makeRoom(): void } {
  const tried = new Set<string>();
  person.refuses = (method) => {
    if (!refused.includes(method)) return false;
    tried.add(method);
    throw new WireError(ErrorCode.quotaExceeded, "the server's disk is nearly full", 200);
  };
  return { tried, makeRoom: () => void (person.refuses = () => false) };
}

suite("SERVERS 8: a server whose disk is full", {
  "takes messages and commits that waited as soon as there is room, and nobody has to do anything": async (
    { join },
  ) => {
    const [anna, bert, carl] = await joinAll(join, "anna", "bert", "carl");
    const chatId = await anna.engine.startChat([bert.username], "group");
    await bert.sees(chatId);
    const { tried, makeRoom } = fill(anna);
    const texts = ["one", "two", "three"];
    const messageIds = await Promise.all(texts.map((text) => anna.says(chatId, text)));
    await anna.until(() => tried.has("publish"), "anna to try it");
    const own = (await anna.items(chatId)).filter((item) =>
      item.kind === "message" && messageIds.includes(item.messageId)
    );
    assert.deepEqual(own.map((item) => item.kind === "message" && item.state), texts.map(() => "waiting"));
    const adding = anna.engine.addPeople(chatId, [carl.username]);
    await anna.until(() => tried.has("commit"), "anna to try the commit");
    makeRoom();
    await adding;
    await bert.hears(chatId, anna.username, texts);
    await carl.sees(chatId);
  },
});

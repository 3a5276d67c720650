import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { TestCore } from "../testing/core.ts";
import { type Person, suite, type World } from "../testing/person.ts";

/** What a server tells a device for the true place of an entry, or of an own message. */
type Lie = (place: number, own: boolean) => number;

async function lieTo(core: TestCore, person: Person, lie: Lie): Promise<void> {
  core.hostile.places.set(toHex(await person.recipientKey()), lie);
}

async function pair({ join }: World): Promise<{ anna: Person; bert: Person; chatId: string }> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username], "group");
  await bert.sees(chatId);
  return { anna, bert, chatId };
}

/** Both say so many texts in turn, each when the other's is there. @returns all that was said, in that order */
async function talk(anna: Person, bert: Person, chatId: string, from: number, count: number): Promise<string[]> {
  const said: string[] = [];
  for (let turn = from; turn < from + count; turn++) {
    const [speaker, other] = turn % 2 === 0 ? [anna, bert] : [bert, anna];
    await speaker.says(chatId, `${turn}`);
    await speaker.settled(chatId);
    await other.until(async () => (await other.texts(chatId)).includes(`${turn}`), `${turn}`);
    said.push(`${turn}`);
  }
  return said;
}

/** What a device shows now, and after a reload. */
async function shown(person: Person, chatId: string): Promise<string[]> {
  const before = await person.texts(chatId);
  await person.crash();
  await person.connected();
  assert.deepEqual(await person.texts(chatId), before);
  return before;
}

const future = 2 ** 52;
const lies: Record<string, Lie> = {
  "that fall": (() => {
    let place = future;
    return () => place -= 1_000_000;
  })(),
  "that are all the same": () => 1,
  "in the far future": () => future,
  "in the far future for own messages alone": (place, own) => own ? future : place,
  "in the past for own messages": (place, own) => own ? 1 : place,
  "in the future, as far as it is believed": (place) => place + 2 ** 32,
  "at the end of the numbers that the wire has": () => 2 ** 53 - 1,
};

suite("a server that lies about places", {
  ...Object.fromEntries(
    Object.entries(lies).map(([what, lie]) => [
      `PEOPLE B2: places ${what} put nothing before what was read, and lose no line`,
      async (world: World) => {
        const { anna, bert, chatId } = await pair(world);
        const said = await talk(anna, bert, chatId, 0, 4);
        await lieTo(world.core, anna, lie);
        said.push(...await talk(anna, bert, chatId, 4, 6));
        assert.deepEqual(await shown(anna, chatId), said, "as it was said");
        assert.equal((await anna.chat(chatId))!.lastMessage!.text, "9");
        assert.deepEqual(await shown(bert, chatId), said);
        world.core.hostile.places.clear();
        said.push(...await talk(anna, bert, chatId, 10, 4));
        assert.deepEqual(await shown(anna, chatId), said, "and after it has stopped to lie");
      },
    ]),
  ),

  "PEOPLE B2: a place that is ahead as of a restored server, or of a clock that was wrong, counts": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    await talk(anna, bert, chatId, 0, 2);
    const hourAhead: Lie = (place) => place + 70 * 60_000 * 1_024;
    for (const person of [anna, bert]) await lieTo(world.core, person, hourAhead);
    const releases = [anna, bert].map(async (person) => world.core.hold(await person.recipientKey()));
    for (const person of [anna, bert, anna]) {
      await person.says(chatId, "crossing");
      await person.settled(chatId);
    }
    for (const release of releases) (await release)();
    for (const person of [anna, bert]) {
      await person.until(async () => (await person.texts(chatId)).length === 5, "all");
      const senders = (await person.items(chatId)).flatMap((item) => item.kind === "message" ? [item.sender] : []);
      assert.deepEqual(senders.slice(2), [anna.username, bert.username, anna.username]);
    }
    world.core.hostile.places.clear();
  },

  "PEOPLE B2: different places for different members part them, and lose nothing": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const releases = [anna, bert].map(async (person) => world.core.hold(await person.recipientKey()));
    // Each is told that its own messages come first.
    for (const person of [anna, bert]) {
      await lieTo(world.core, person, (place, own) => own ? place - 1_024 * 60_000 : place);
    }
    for (const person of [anna, bert, anna, bert]) {
      await person.says(chatId, "crossing");
      await person.settled(chatId);
    }
    for (const release of releases) (await release)();
    for (const person of [anna, bert]) {
      await person.until(async () => (await person.texts(chatId)).length === 4, "all");
      const own = (await person.items(chatId)).flatMap((item) => item.kind === "message" ? [item.own] : []);
      assert.deepEqual(own, [true, true, false, false], "each reads its own first");
    }
    world.core.hostile.places.clear();
  },
});

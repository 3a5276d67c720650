import assert from "node:assert/strict";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { RangeOptions } from "../../storage/storage.ts";
import { afterReading, maxLateUnread, maxUnreadMentions, readingOf, withUnread } from "./reading.ts";
import type { LineRecord, Reading } from "./records.ts";

interface Read {
  unread: number;
  reading?: Reading;
}

const placeOf = (index: number) => String(index).padStart(8, "0");
const counts = [1, 199, 200, 201, 300, 5_000];

/** A conversation in memory: a string of lines, "b" of another person, "o" own, "n" a notice. */
class Chat {
  readonly lines = new Map<string, LineRecord>();
  read: Read = { unread: 0, reading: { to: "" } };
  pages = 0;
  readonly store = {
    range: (_store: string, prefix: string, { after, before, reverse, limit }: RangeOptions) => {
      this.pages++;
      const found = [...this.lines].map(([order, value]) => ({ key: prefix + order, value }))
        .filter(({ key }) => (after === undefined || key > after) && (before === undefined || key < before))
        .sort((a, b) => a.key < b.key ? -1 : 1);
      return Promise.resolve((reverse ? found.reverse() : found).slice(0, limit));
    },
  } as unknown as SealedStore;

  add(kind: string, order: string, isKept = false): void {
    const line = kind === "n" ? { kind: "notice", order } : { kind: "message", order, own: kind === "o" };
    this.lines.set(order, line as LineRecord);
    if (kind === "b") Object.assign(this.read, withUnread(this.read, order, isKept));
  }

  async saw(upTo: string, since = ""): Promise<Read> {
    return this.read = await afterReading(this.store, "chat", this.read, upTo, since);
  }

  /** The truth, line by line. */
  othersBehind(place: string): string[] {
    return [...this.lines.values()].filter((line) => line.kind === "message" && !line.own && line.order > place)
      .map(({ order }) => order).sort();
  }
}

/** @returns a chat with `unread` messages of others, notices and own messages between them, behind read ones */
async function chatWith(unread: number): Promise<Chat> {
  const chat = new Chat();
  for (let index = 0; index < 7; index++) chat.add("bon"[index % 3], placeOf(index));
  await chat.saw(placeOf(6));
  for (let index = 0; index < 3 * unread; index++) chat.add("nbo"[index % 3], placeOf(10 + index));
  return chat;
}

for (const unread of counts) {
  Deno.test(`PEOPLE B6: of ${unread} unread messages each is read when it was seen, and not before`, async () => {
    const chat = await chatWith(unread);
    const all = chat.othersBehind(placeOf(6));
    assert.deepEqual([chat.read.unread, chat.read.reading!.from], [unread, all[0]]);
    for (
      const seen of new Set([1, Math.floor(unread / 3), unread - 1].filter((count) => count > 0 && count < unread))
    ) {
      const { unread: left, reading } = await chat.saw(all[seen - 1]);
      assert.deepEqual([left, reading!.from], [unread - seen, all[seen]]);
    }
    chat.add("b", placeOf(90_000));
    assert.equal((await chat.saw(all.at(-1)!)).unread, 1, "a message that came meanwhile stays unread");
    assert.equal(chat.read.reading!.from, placeOf(90_000));
    assert.deepEqual(await chat.saw(placeOf(99_999)), { unread: 0, reading: { to: placeOf(90_000) } });
  });

  Deno.test(`PEOPLE B6: ${unread} unread messages of an earlier version, which kept their number alone`, async () => {
    const chat = await chatWith(unread);
    const { reading } = chat.read;
    const found = await readingOf(chat.store, "chat", { unread });
    assert.equal(found.from, reading!.from);
    assert.deepEqual(chat.othersBehind(found.to).length, unread);
    assert.ok(chat.pages < 80, "page by page");
    assert.deepEqual(await readingOf(chat.store, "chat", { unread: 0 }), { to: placeOf(9 + 3 * unread) });
    assert.deepEqual(await readingOf(chat.store, "chat", { unread: 0, reading }), reading);
    chat.lines.set("z", { kind: "message", order: "z", own: true, state: "waiting" } as LineRecord);
    assert.deepEqual(await readingOf(chat.store, "chat", { unread: 0 }), { to: placeOf(9 + 3 * unread) });
  });
}

Deno.test("PEOPLE B6: a message that comes late into an earlier place is unread until it is in view", async () => {
  const chat = await chatWith(4);
  await chat.saw(placeOf(21));
  chat.add("b", placeOf(15));
  chat.add("b", placeOf(9));
  assert.deepEqual([chat.read.unread, chat.read.reading!.from], [2, placeOf(9)]);
  chat.add("b", placeOf(50));
  assert.deepEqual((await chat.saw(placeOf(50), placeOf(16))).unread, 2, "the view was at the end");
  assert.deepEqual(await chat.saw(placeOf(20), placeOf(12)), {
    unread: 1,
    reading: { to: placeOf(50), from: placeOf(9), late: [placeOf(9)] },
  });
  assert.deepEqual(await chat.saw(placeOf(50)), { unread: 0, reading: { to: placeOf(50) } });
});

Deno.test("PEOPLE B6: a message in a place that was kept for it, behind what was read, is late, too", async () => {
  const chat = await chatWith(4);
  const seen = async (upTo: number, since: number) => {
    const { unread, reading } = await chat.saw(placeOf(upTo), placeOf(since));
    return [unread, reading!.from, reading!.late];
  };
  chat.add("b", placeOf(12), true);
  chat.add("b", placeOf(18), true);
  assert.deepEqual([chat.read.unread, chat.read.reading!.late], [6, [placeOf(12), placeOf(18)]]);
  assert.deepEqual(await seen(14, 13), [4, placeOf(12), [placeOf(12), placeOf(18)]], "two of them, and two others");
  assert.deepEqual(await seen(14, 12), [3, placeOf(17), [placeOf(18)]]);
  assert.deepEqual(await seen(17, 17), [2, placeOf(18), [placeOf(18)]]);
  assert.deepEqual(await seen(20, 20), [1, placeOf(18), [placeOf(18)]]);
  assert.deepEqual(await seen(20, 18), [0, undefined, undefined]);
});

Deno.test("PEOPLE B6: late messages beyond the limit are shown and do not count", async () => {
  const chat = await chatWith(1);
  await chat.saw(placeOf(99_999));
  for (let index = 0; index < maxLateUnread; index++) Object.assign(chat.read, withUnread(chat.read, "0"));
  assert.equal(chat.read.unread, maxLateUnread);
  assert.deepEqual(withUnread(chat.read, "0"), {});
  assert.equal(withUnread(chat.read, "9").unread, maxLateUnread + 1);
  assert.equal(withUnread(chat.read, "9", true).unread, maxLateUnread + 1);
});

Deno.test("CONVERSATIONS: mentions beyond the limit count as unread alone", () => {
  let read: Read = { unread: 0, reading: { to: "" } };
  for (let index = 0; index <= maxUnreadMentions; index++) {
    read = { ...read, ...withUnread(read, placeOf(index), false, true) };
  }
  assert.deepEqual([read.unread, read.reading!.mentions!.length], [maxUnreadMentions + 1, maxUnreadMentions]);
});

Deno.test("CONVERSATIONS: a mention counts until it is seen, also one that came late", async () => {
  const chat = new Chat();
  for (let index = 0; index < 4; index++) chat.add("b", placeOf(2 * index));
  chat.read = { ...chat.read, reading: { ...chat.read.reading!, mentions: [placeOf(0), placeOf(6)] } };
  await chat.saw(placeOf(4));
  assert.deepEqual(chat.read.reading!.mentions, [placeOf(6)]);
  chat.lines.set(placeOf(1), { kind: "message", order: placeOf(1), own: false } as LineRecord);
  chat.read = { ...chat.read, ...withUnread(chat.read, placeOf(1), false, true) };
  await chat.saw(placeOf(6), placeOf(5));
  assert.deepEqual([chat.read.unread, chat.read.reading!.mentions], [1, [placeOf(1)]]);
  await chat.saw(placeOf(6));
  assert.deepEqual([chat.read.unread, chat.read.reading!.mentions], [0, undefined]);
});

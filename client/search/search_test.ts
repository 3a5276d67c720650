/** The search over stored lines: what it finds, what it follows, and what it survives. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { blockedKey, lineAt, SearchProfile } from "../testing/search_profile.ts";
import { EngineError } from "../api/errors.ts";
import { linesInSlice, maxHits, maxRebuilds } from "./search.ts";
import { maxIndexedText } from "./search_index.ts";
import { maxLinesInNote, maxNotes } from "./changed_lines.ts";

const [a, b] = ["aa".repeat(32), "bb".repeat(32)];

async function tested(work: (profile: SearchProfile) => Promise<void>): Promise<void> {
  using profile = await SearchProfile.make();
  await work(profile);
  await profile.close();
  assert.deepEqual(profile.errors, []);
}

Deno.test("CONVERSATIONS: messages are found in German and Japanese, newest first, with their matches", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, "Grüße aus der Straße"), lineAt(2, "東京タワーで会う"));
    await profile.write(b, lineAt(3, "Viele Grüße!"), lineAt(4, "nothing"));
    assert.deepEqual(await profile.finds("grusse"), ["Viele Grüße!", "Grüße aus der Straße"]);
    assert.deepEqual(await profile.finds("stras"), ["Grüße aus der Straße"]);
    assert.deepEqual(await profile.finds("タワー"), ["東京タワーで会う"]);
    assert.deepEqual(await profile.finds('"aus der"'), ["Grüße aus der Straße"]);
    assert.deepEqual(await profile.finds("grüße", { chatId: a }), ["Grüße aus der Straße"]);
    assert.deepEqual(await profile.finds("grüße", { chatId: "cc".repeat(32) }), []);
    const { hits } = await (await profile.search()).find("viele gr");
    assert.deepEqual(hits, [{
      chatId: b,
      order: lineAt(3, "").order,
      messageId: "3".padStart(32, "0"),
      sender: "bert",
      own: false,
      atMs: 1_700_000_003_000,
      text: "Viele Grüße!",
      ranges: [[0, 5], [6, 8]],
    }]);
  }));

Deno.test("CONVERSATIONS: edited text is found by its new words, and deleted messages are not found", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, "first words"), lineAt(2, "second words"), lineAt(3, "third words"));
    assert.equal((await profile.finds("words")).length, 3);
    await profile.write(a, lineAt(1, "other text"));
    await profile.write(a, lineAt(2, "", { deleted: true }));
    await profile.delete(a, lineAt(3, ""));
    assert.deepEqual(await profile.finds("words"), []);
    assert.deepEqual(await profile.finds("other"), ["other text"]);
  }));

Deno.test("CONVERSATIONS: what a crash has kept from the index is in it afterwards", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, "before"), lineAt(2, "secret words"));
    assert.deepEqual(await profile.finds("before"), ["before"]);
    await profile.close();
    await profile.restart();
    profile.noteChanges();
    await profile.write(a, lineAt(3, "behind"), lineAt(1, "changed"));
    await profile.write(b, lineAt(4, "elsewhere"));
    await profile.delete(a, lineAt(2, ""));
    // Nothing has opened the index since.
    await profile.restart();
    assert.deepEqual(await profile.finds("before"), []);
    assert.deepEqual(await profile.finds("secret"), []);
    assert.deepEqual(await profile.finds("behind"), ["behind"]);
    assert.deepEqual(await profile.finds("changed"), ["changed"]);
    assert.deepEqual(await profile.finds("elsewhere"), ["elsewhere"]);
    assert.deepEqual(await profile.store.range("meta", "search-changed/"), [], "nothing is left to do");
    assert.equal(profile.files.opened, 2, "the index was not built again");
  }));

Deno.test("CONVERSATIONS: nothing of the messages can be read in the index's file", () =>
  tested(async (profile) => {
    await profile.write(a, ...Array.from({ length: 50 }, (_, index) => lineAt(index + 1, `Unverwechselbar ${index}`)));
    assert.equal((await profile.finds("unverwechselbar 49")).length, 1);
    await profile.close();
    const content = profile.files.content();
    assert.ok(content.length > 10_000);
    assert.ok(!/unverwechsel/i.test(content) && !content.includes("SQLite format") && !content.includes(a));
    // Without its key the file is of no use: another profile key makes another index.
    await profile.store.write({ deletes: [{ store: "meta", key: "search" }] });
    await profile.restart();
    assert.equal((await profile.finds("unverwechselbar 49")).length, 1);
    assert.equal(profile.files.databases().length, 1, "the file without a key is deleted");
  }));

Deno.test("CONVERSATIONS: an index that is damaged or gone is built again", () =>
  tested(async (profile) => {
    const lines = Array.from({ length: 300 }, (_, index) => lineAt(index + 1, `line ${index} of the index`));
    await profile.write(a, ...lines);
    assert.equal((await profile.finds("299")).length, 1);
    const damages: ((path: string) => void)[] = [
      (path) => Deno.truncateSync(path, 5000),
      (path) => Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(40_000))),
      (path) => {
        const bytes = Deno.readFileSync(path);
        for (let at = 4096; at < bytes.length; at += 1000) bytes[at] ^= 0xff;
        Deno.writeFileSync(path, bytes);
      },
      (path) => Deno.removeSync(path),
    ];
    for (const damage of damages) {
      await profile.close();
      damage(`${profile.files.folder}/${profile.files.files()[0]}`);
      await profile.restart();
      assert.deepEqual(await profile.finds("299"), ["line 299 of the index"]);
      assert.equal((await profile.finds("line", { limit: maxHits })).length, maxHits);
    }
  }));

Deno.test("CONVERSATIONS: an index that can not be had at all is an error, and not a loop", async () => {
  using profile = await SearchProfile.make();
  await profile.write(a, lineAt(1, "text"));
  let opened = 0;
  const databases = {
    isLasting: true,
    open: () => {
      opened++;
      return Promise.reject(new Error("no room"));
    },
    clear: () => Promise.resolve(),
  };
  const isUnusable = (error: unknown) => error instanceof EngineError && error.problem.code === "L040";
  await assert.rejects(profile.search({ databases }), isUnusable);
  assert.ok(opened <= maxRebuilds + 1);
  assert.deepEqual(await profile.finds("text"), ["text"], "a later search has its chance");
  await profile.close();
});

Deno.test("CONVERSATIONS: while the index is built, the search answers from what is there, and says so", () =>
  tested(async (profile) => {
    const lines = Array.from({ length: 5 * linesInSlice }, (_, index) => lineAt(index + 1, `line ${index}`));
    await profile.write(a, ...lines);
    const timers: (() => void)[] = [];
    const search = await profile.search({ environment: { after: (_ms, run) => (timers.push(run), () => {}) } });
    assert.deepEqual(await search.find("line"), { hits: [], isComplete: false });
    const found = async () => (await search.find("line", { limit: 1 })).hits[0]?.text;
    while (await found() === undefined) for (const run of timers.splice(0)) run();
    assert.equal(await found(), `line ${lines.length - 1}`, "the newest come first");
    // A message that comes meanwhile is found at once.
    await profile.write(b, lineAt(lines.length + 1, "line of today"));
    assert.equal(await found(), "line of today");
    await profile.write(a, lineAt(1, "changed while it is built"));
    await search.complete();
    assert.deepEqual((await search.find("changed")).hits.map(({ text }) => text), ["changed while it is built"]);
    assert.deepEqual((await search.find('"line 0"')).hits, []);
    assert.ok((await search.find("line")).isComplete);
    assert.deepEqual(profile.progress.at(-1), [1, 1]);
  }));

Deno.test("CONVERSATIONS: pages of hits follow each other without a gap", () =>
  tested(async (profile) => {
    await profile.write(a, ...Array.from({ length: 130 }, (_, index) => lineAt(index + 1, `line ${index}`)));
    await profile.write(b, ...Array.from({ length: 40 }, (_, index) => lineAt(2 * index + 1, `line ${1000 + index}`)));
    profile.hidden.add(b);
    const search = await profile.search();
    await search.complete();
    const texts: string[] = [];
    let before: string | undefined;
    do {
      const page = await search.find("line", { limit: 25, ...(before !== undefined && { before }) });
      texts.push(...page.hits.map(({ text }) => text));
      before = page.before;
    } while (before !== undefined);
    assert.deepEqual(
      texts,
      Array.from({ length: 130 }, (_, index) => `line ${129 - index}`),
      "hidden chats are left out",
    );
  }));

Deno.test("CONVERSATIONS: a chat of many lines that is deleted at once is gone from the search", () =>
  tested(async (profile) => {
    const lines = Array.from({ length: maxLinesInNote + 1 }, (_, index) => lineAt(index + 1, `line ${index}`));
    await profile.write(a, ...lines);
    await profile.write(b, lineAt(1, "line that stays"));
    assert.equal((await profile.finds("line")).length, 20);
    await profile.delete(a, ...lines);
    profile.chats.delete(a);
    assert.deepEqual(await profile.finds("line"), ["line that stays"]);
  }));

Deno.test("CONVERSATIONS: an emptied profile has no index any more", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, "text"));
    assert.deepEqual(await profile.finds("text"), ["text"]);
    await profile.close();
    await profile.store.clear();
    await profile.restart();
    assert.deepEqual(await profile.finds("text"), []);
    assert.equal(profile.files.databases().length, 1, "the former file is deleted with the next use");
  }));

Deno.test("CONVERSATIONS: a search in memory keeps nothing on the device", () =>
  tested(async (profile) => {
    const { searchInMemory } = await import("../../cli/storage/search_memory.ts");
    await profile.search({ databases: searchInMemory });
    await profile.write(a, lineAt(1, "text"));
    assert.deepEqual(await profile.finds("text"), ["text"]);
    assert.deepEqual(await profile.store.range("meta", "search"), []);
  }));

Deno.test("CONVERSATIONS: no query makes an error of the index, and what it finds has all of its words", () =>
  tested(async (profile) => {
    const texts = [
      "to be or not to be",
      'NEAR("a" b) AND c*',
      "東京タワー",
      "Grüße, Straße 5",
      "body : x",
      "x".repeat(500),
    ];
    await profile.write(a, ...texts.map((text, index) => lineAt(index + 1, text)));
    const search = await profile.search();
    await search.complete();
    const piece = fc.oneof(
      fc.constantFrom(
        "to",
        "be",
        '"',
        "*",
        "NEAR(",
        "AND",
        "OR",
        "NOT",
        "body:",
        "-",
        "^",
        "(",
        ")",
        "{",
        "東",
        "京",
        "gru",
        "\0",
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, inChat) => {
        const { hits } = await search.find(pieces.join(" "), inChat ? { chatId: a } : {});
        for (const { text, ranges } of hits) assert.ok(text !== "" && ranges.length > 0);
      }),
      { numRuns: 500 },
    );
    for (const { text } of (await search.find("and c")).hits) assert.equal(text, texts[1]);
  }));

Deno.test("CONVERSATIONS: of a text that is too long, the beginning is found", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, `begin ${"x ".repeat(maxIndexedText / 2)} finish`));
    assert.equal((await profile.finds("begin")).length, 1);
    assert.equal((await profile.finds("finish")).length, 0);
  }));

Deno.test("CONVERSATIONS: an index that is too far behind is built again", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, "first"));
    assert.equal((await profile.finds("first")).length, 1);
    await profile.close();
    await profile.restart();
    const note = { lines: [`${a}/${lineAt(1, "").order}`] };
    const puts = Array.from({ length: maxNotes + 1 }, (_, count) => ({
      store: "meta" as const,
      key: `search-changed/${count}`,
      value: note,
    }));
    await profile.store.write({ puts });
    assert.equal((await profile.finds("first")).length, 1);
    assert.equal(profile.files.opened, 3, "opened, and built again");
    assert.deepEqual(await profile.store.range("meta", "search-changed/"), []);
  }));

Deno.test("CONVERSATIONS: nothing of a blocked person is shown, and files and polls are found by their words", () =>
  tested(async (profile) => {
    const attachments = [{ name: "Fahrkarte.pdf", type: "application/pdf", kind: "file" as const, size: 5 }];
    await profile.write(
      a,
      lineAt(1, "a word", { senderKey: blockedKey }),
      lineAt(2, "another word"),
      lineAt(3, "", { attachments }),
      lineAt(4, "Where?", { poll: { options: ["Bergen", "Oslo"], votes: [] } }),
    );
    assert.deepEqual(await profile.finds("word"), ["another word"]);
    assert.deepEqual(await profile.finds("fahrk"), ["Fahrkarte.pdf"]);
    assert.deepEqual(await profile.finds("oslo"), ["Where? Bergen Oslo"]);
  }));

Deno.test("CONVERSATIONS: a message that gets another place while it is searched is found", () =>
  tested(async (profile) => {
    await profile.write(a, lineAt(1, "on its way"));
    const search = await profile.search();
    await search.complete();
    const { getMany } = profile.store;
    let reads = 0;
    // Between the index's answer and the look at the line, the message moves.
    profile.store.getMany = async (...asked: Parameters<typeof getMany>) => {
      if (reads++ === 0) {
        await profile.delete(a, lineAt(1, ""));
        await profile.write(a, lineAt(2, "on its way"));
      }
      return await getMany.apply(profile.store, asked) as never;
    };
    const { hits } = await search.find("way");
    assert.deepEqual(hits.map(({ order }) => order), [lineAt(2, "").order]);
  }));

Deno.test("CONVERSATIONS: a search is narrowed to a sender, a time, and messages with files", () =>
  tested(async (profile) => {
    const file = { kind: "file" as const, name: "train.pdf", type: "application/pdf", size: 1 };
    await profile.write(
      a,
      lineAt(1, "the first train", { sender: "anna" }),
      lineAt(2, "a second train"),
      lineAt(3, "a third train", { sender: "anna", attachments: [file] }),
      lineAt(4, "anna says train"),
    );
    assert.deepEqual(await profile.finds("train", { sender: "anna" }), ["a third train train.pdf", "the first train"]);
    assert.deepEqual(await profile.finds("train", { sender: "nobody" }), []);
    assert.deepEqual(await profile.finds("train", { sender: '" OR sender : "anna' }), []);
    assert.deepEqual((await profile.finds("train", { sinceMs: 1_700_000_003_000 })).length, 2);
    assert.deepEqual(await profile.finds("train", { files: true }), ["a third train train.pdf"]);
    const { hits, before } = await (await profile.search()).find("train", { limit: 1, sender: "anna" });
    assert.equal(hits.length, 1);
    const next = await (await profile.search()).find("train", { limit: 1, sender: "anna", before });
    assert.deepEqual(next.hits.map(({ text }) => text), ["the first train"]);
    assert.equal(next.before, undefined);
  }));

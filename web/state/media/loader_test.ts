import assert from "node:assert/strict";
import type { AttachmentInfo, EngineApi } from "../../../client/api/engine_api.ts";
import { attachmentPieceBytes } from "../../../client/api/attachment_stream.ts";
import { EngineError } from "../../../client/api/errors.ts";
import { type LoadState, MediaLoader, type MediaPlace } from "./loader.ts";

/** The beginning of a PNG of these sides (PNG, third edition, §11.2.1), then zeros. */
function png(bytes: number, side = 10): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(bytes);
  content.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  content.set([0, 0, 0, 13, ...new TextEncoder().encode("IHDR")], 8);
  const view = new DataView(content.buffer);
  view.setUint32(16, side);
  view.setUint32(20, side);
  return content;
}

const place = (name: string, size: number, more: Partial<AttachmentInfo> = {}): MediaPlace => ({
  message: { order: "1", messageId: name },
  index: 0,
  attachment: { name, type: "image/png", kind: "image", size, ...more },
});

/** An engine with these files, by messageId. */
function engineOf(files: Record<string, Uint8Array<ArrayBuffer> | string>) {
  const told = { pieces: 0, atOnce: 0, most: 0 };
  const engine: Pick<EngineApi, "attachmentPiece"> = {
    async attachmentPiece(_chatId, { messageId }, _index, piece) {
      told.pieces++;
      told.most = Math.max(told.most, ++told.atOnce);
      await new Promise((resolve) => setTimeout(resolve, 1));
      told.atOnce--;
      const file = files[messageId];
      if (typeof file === "string") throw new EngineError({ code: file, detail: "as the test wants it" });
      return file.slice(piece * attachmentPieceBytes, (piece + 1) * attachmentPieceBytes);
    },
  };
  return { told, engine };
}

/** Uses a place until it is there, or not. */
async function outcome(loader: MediaLoader, at: MediaPlace) {
  const states: LoadState[] = [];
  const { promise, resolve } = Promise.withResolvers<LoadState>();
  const use = loader.use(at, (state) => {
    states.push(state);
    if (state.kind !== "loading") resolve(state);
  });
  return { state: await promise, states, use };
}

Deno.test("CONVERSATIONS: a picture becomes an address of the type of its bytes, and goes with its chat", async () => {
  const content = png(2 * attachmentPieceBytes + 5);
  const { engine } = engineOf({ a: content });
  const loader = new MediaLoader(engine, "chat");
  const { state, states } = await outcome(loader, place("a", content.length, { type: "image/webp" }));
  assert.equal(state.kind, "ready");
  const { url } = state as { url: string };
  const answer = await fetch(url);
  assert.equal(answer.headers.get("content-type"), "image/png");
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), content);
  const done = states.flatMap((state) => state.kind === "loading" ? state.done : []);
  assert.deepEqual(done, [0, attachmentPieceBytes, 2 * attachmentPieceBytes, content.length]);
  loader.close();
  await assert.rejects(fetch(url));
});

Deno.test("CONVERSATIONS: what is no picture, too many pixels, or of another size is not shown", async () => {
  const page = new TextEncoder().encode("<!doctype html><script>alert(1)</script>");
  const { engine } = engineOf({ page, huge: png(100, 60_000), short: png(90), long: png(110), gone: "E031" });
  const loader = new MediaLoader(engine, "chat");
  const stateOf = async (name: string, size: number) => (await outcome(loader, place(name, size))).state;
  assert.deepEqual(await stateOf("page", page.length), { kind: "unshown" });
  assert.deepEqual(await stateOf("huge", 100), { kind: "unshown" });
  assert.deepEqual(await stateOf("short", 100), { kind: "failed", code: "L039" });
  assert.deepEqual(await stateOf("long", 100), { kind: "failed", code: "L039" });
  assert.deepEqual(await stateOf("gone", 100), { kind: "failed", code: "E031" });
  loader.close();
});

Deno.test("CONVERSATIONS: a failure is tried again, what is there is not loaded twice", async () => {
  const files: Record<string, Uint8Array<ArrayBuffer> | string> = { a: "L001" };
  const { engine, told } = engineOf(files);
  const loader = new MediaLoader(engine, "chat");
  assert.equal((await outcome(loader, place("a", 100))).state.kind, "failed");
  files.a = png(100);
  const first = await outcome(loader, place("a", 100));
  assert.equal(first.state.kind, "ready");
  const { pieces } = told;
  first.use.end();
  await Promise.resolve();
  const again = await outcome(loader, place("a", 100));
  assert.deepEqual([again.state, told.pieces], [first.state, pieces]);
  loader.close();
});

Deno.test("CONVERSATIONS: three attachments load at a time, and what nobody looks at any more stops", async () => {
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`f${at}`, png(3 * attachmentPieceBytes)]));
  const { engine, told } = engineOf(files);
  const loader = new MediaLoader(engine, "chat");
  const uses = Object.keys(files).map((name) => loader.use(place(name, 3 * attachmentPieceBytes), () => {}));
  for (const use of uses.slice(3)) use.end();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(told.most, 3);
  assert.equal(told.pieces, 9);
  loader.close();
});

Deno.test("CONVERSATIONS: contents that are not shown are let go of, the oldest first", async () => {
  const size = 12 * 1024 * 1024;
  const files = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, png(size)]));
  const { engine } = engineOf(files);
  const loader = new MediaLoader(engine, "chat");
  const urls: string[] = [];
  for (const name of Object.keys(files)) {
    const { state, use } = await outcome(loader, place(name, size));
    urls.push((state as { url: string }).url);
    use.end();
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  const isThere = async (url: string) =>
    await fetch(url).then(async (answer) => (await answer.body?.cancel(), true), () => false);
  assert.deepEqual(await Promise.all(urls.map(isThere)), [false, false, true, true]);
  loader.close();
});

import assert from "node:assert/strict";
import { createRoot, createSignal } from "solid-js";
import type { AttachmentInfo } from "../../../client/api/engine_api.ts";
import { until } from "../../../schema/testing/until.ts";
import { PageFiles } from "../../media/page_files.ts";
import { createMediaLibrary, mediaProblem } from "./library.ts";
import { createLoading, isHeld, loadsByItself } from "./loading.ts";
import { maxHeldBytes, NeedsWorkerError, saveAttachment, streamAddress, UnshownError } from "./page_streams.ts";

const attachment = (fields: Partial<AttachmentInfo>): AttachmentInfo => ({
  name: "a",
  type: "image/png",
  kind: "image",
  size: 100,
  ...fields,
});
const placeOf = (fields: Partial<AttachmentInfo>) => ({
  message: { order: "1", messageId: "m" },
  index: 0,
  attachment: attachment(fields),
});

Deno.test("CONVERSATIONS: small pictures and voices load by themselves, larger ones when asked, or not", () => {
  const byItself = (fields: Partial<AttachmentInfo>, rule: "auto" | "asked" | "never" = "auto") =>
    loadsByItself(placeOf(fields), rule);
  assert.ok(byItself({ size: 5_000_000 }));
  assert.ok(byItself({ kind: "voice" }));
  assert.ok(!byItself({ size: 5_000_001 }));
  for (const kind of ["video", "audio", "file"] as const) assert.ok(!byItself({ kind }), kind);
  assert.ok(!byItself({}, "asked"));
  assert.ok(!byItself({}, "never"));
  assert.ok(isHeld({ size: 20_000_000 }));
  assert.ok(!isHeld({ size: 20_000_001 }));
});

Deno.test("CONVERSATIONS: nothing of a blocked person is loaded, and in an invitation nothing by itself", () => {
  let asked = 0;
  const engine = {
    attachmentPiece: () => {
      asked++;
      return new Promise<never>(() => {});
    },
  };
  const member = (accountKey: string, blocked?: true) =>
    ({ username: accountKey, accountKey, role: "member", self: false, ...(blocked && { blocked }) }) as const;
  createRoot((dispose) => {
    const chat = { chatId: "c", members: [member("bad", true), member("good")], invitation: false };
    const library = createMediaLibrary(engine, () => chat);
    const blocked = createLoading(library, placeOf({}), "bad");
    blocked.near();
    blocked.load();
    assert.equal(blocked.problem()?.what, "Not loaded: you block this person.");
    chat.invitation = true;
    const invited = createLoading(library, placeOf({}), "good");
    invited.near();
    assert.equal(asked, 0);
    assert.equal(createLoading(library, placeOf({ size: 20_000_001 }), "good").problem()?.code, undefined);
    dispose();
  });
});

Deno.test("CONVERSATIONS: an own picture is not asked for before the engine has its message", async () => {
  let asked = 0;
  const engine = { attachmentPiece: () => new Promise<never>(() => void asked++) };
  const [isMade, setMade] = createSignal(false);
  const { loading, dispose } = createRoot((dispose) => {
    const library = createMediaLibrary(engine, () => ({ chatId: "c", members: [], invitation: false }), isMade);
    return { loading: createLoading(library, placeOf({}), "own"), dispose };
  });
  loading.near();
  loading.load();
  await Promise.resolve();
  assert.deepEqual([loading.waits(), asked], [true, 0]);
  setMade(true);
  await until(() => asked === 1);
  assert.equal(loading.waits(), false);
  dispose();
});

Deno.test("CONVERSATIONS: without a service worker a large file is not held in memory", async () => {
  let pieces = 0;
  const webm = Uint8Array.from([0x1a, 0x45, 0xdf, 0xa3, 0, 0]);
  const engine = {
    attachmentPiece: () => {
      pieces++;
      return Promise.resolve(webm);
    },
  };
  const none = new PageFiles(undefined);
  const film = placeOf({ kind: "video", size: maxHeldBytes + 1 });
  await assert.rejects(streamAddress(engine, "c", film, none), NeedsWorkerError);
  await assert.rejects(saveAttachment(engine, "c", film, () => {}, none), NeedsWorkerError);
  assert.equal(pieces, 2, "the first piece alone");
  assert.match(mediaProblem(new NeedsWorkerError()).todo!, /Load the page again/);
  const small = await streamAddress(engine, "c", placeOf({ kind: "video", size: webm.length }), none);
  assert.equal((await fetch(small.url)).headers.get("content-type"), "video/webm");
  small.close();
  const page = { attachmentPiece: () => Promise.resolve(new TextEncoder().encode("<html>")) };
  await assert.rejects(streamAddress(page, "c", placeOf({ kind: "video", size: 6 }), none), UnshownError);
});

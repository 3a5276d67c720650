import assert from "node:assert/strict";
import { until } from "../../schema/testing/until.ts";
import { PageFiles, type StreamEnd, type WorkerContainer } from "./page_files.ts";
import { type PageCall, type PageWord, streamsFiles } from "./stream_protocol.ts";
import { answerFile, type Pages } from "./worker_files.ts";

const origin = "https://chat.example";

/** A page, its worker, and what the worker was asked. */
function pageAndWorker({ answersHello = true, everyMs }: { answersHello?: boolean; everyMs?: number } = {}) {
  const listeners: ((event: MessageEvent) => void)[] = [];
  const calls: PageCall["media"][] = [];
  const container: WorkerContainer = {
    controller: {
      postMessage(call, [port] = []) {
        calls.push(call.media);
        if (call.media === "hello" && answersHello) (port as MessagePort).postMessage(streamsFiles);
      },
    },
    addEventListener: (_type, listener) => void listeners.push(listener),
  };
  const page = {
    postMessage(data: unknown, ports: Transferable[]) {
      for (const listener of listeners) listener({ data, ports } as unknown as MessageEvent);
    },
  };
  const pages: Pages = {
    get: (id) => Promise.resolve(id === "own" ? page : undefined),
    matchAll: () => Promise.resolve([page]),
  };
  return { files: new PageFiles(container, everyMs), pages, page, calls };
}

const content = Uint8Array.from({ length: 3_000 }, (_, at) => at % 251);

/** The content in parts of 1,000 bytes; tells how many parts were read. */
function source() {
  const read = { parts: 0, cancelled: 0 };
  const from = (start: number) => {
    let at = start;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (at >= content.length) return controller.close();
        read.parts++;
        const end = at - at % 1000 + 1000;
        controller.enqueue(content.slice(at, end));
        at = end;
      },
      cancel: () => void read.cancelled++,
    }, { highWaterMark: 0 });
  };
  return { read, from };
}

function ask(
  pages: Pages,
  path: string,
  how: { mode?: string; destination?: string; range?: string; client?: string } = {},
) {
  const { mode = "no-cors", destination = "video", range, client = "own" } = how;
  return answerFile({
    request: {
      url: origin + path,
      mode: mode as RequestMode,
      destination: destination as RequestDestination,
      headers: new Headers(range ? { range } : {}),
    },
    clientId: client,
  }, pages);
}

const bodyOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const asFrame = { mode: "navigate", destination: "iframe", client: "" };

Deno.test("CONVERSATIONS: a player gets the whole file, and any part of it", async () => {
  const { files, pages } = pageAndWorker();
  const { path, close } = files.offer({ size: content.length, type: "video/webm", read: source().from });
  const whole = await ask(pages, path);
  assert.deepEqual([whole.status, whole.headers.get("content-type")], [200, "video/webm"]);
  assert.deepEqual(await bodyOf(whole), content);
  const part = await ask(pages, path, { range: "bytes=990-1010" });
  assert.deepEqual([part.status, part.headers.get("content-range")], [206, "bytes 990-1010/3000"]);
  assert.deepEqual(await bodyOf(part), content.slice(990, 1011));
  const beyond = await ask(pages, path, { range: "bytes=3000-" });
  assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, "bytes */3000"]);
  close();
});

Deno.test("CONVERSATIONS: a part of a file is read when it is wanted, and no more once nobody wants it", async () => {
  const { files, pages } = pageAndWorker();
  const { read, from } = source();
  const { path, close } = files.offer({ size: content.length, type: "video/webm", read: from });
  const reader = (await ask(pages, path)).body!.getReader();
  assert.equal((await reader.read()).value?.length, 1000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(read.parts, 1);
  await reader.cancel();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(read, { parts: 1, cancelled: 1 });
  close();
});

Deno.test("CONVERSATIONS: a file that is saved goes into a frame alone, once, and tells its end", async () => {
  const { files, pages } = pageAndWorker();
  const ends: StreamEnd[] = [];
  const { path, close } = files.offer({
    size: content.length,
    type: "text/html",
    saveAs: "page.html",
    read: source().from,
    ended: (how) => void ends.push(how),
  });
  assert.equal((await ask(pages, path)).status, 404, "no script and no player gets it");
  assert.equal((await ask(pages, path, { ...asFrame, destination: "document" })).status, 404, "it is no page");
  const saved = await ask(pages, path, asFrame);
  assert.equal(saved.headers.get("content-type"), "application/octet-stream");
  assert.match(saved.headers.get("content-disposition")!, /^attachment; filename\*=UTF-8''page\.html$/);
  assert.deepEqual(await bodyOf(saved), content);
  await until(() => ends.length === 2);
  assert.deepEqual(ends, ["lost", "taken"], "what was refused at first, and the whole file");
  close();
});

Deno.test("CONVERSATIONS: a path is of use to its own page only, as it was made, and ends with it", async () => {
  const { files, pages } = pageAndWorker();
  const { path, close } = files.offer({ size: 1, type: "video/mp4", read: source().from });
  assert.equal((await ask(pages, path, { client: "another" })).status, 404);
  assert.equal((await ask(pages, path, asFrame)).status, 404, "what is shown is no download");
  assert.equal((await ask(pages, "/media/" + "0".repeat(32))).status, 404);
  assert.equal((await ask(pages, "/media/../index.html", asFrame)).status, 404);
  close();
  assert.equal((await ask(pages, path)).status, 404);
});

Deno.test("CONVERSATIONS: a file that can not be read on, or whose path ends, does not look whole", async () => {
  const { files, pages } = pageAndWorker();
  const broken = files.offer({
    size: 2_000,
    type: "video/webm",
    read: () =>
      new ReadableStream({
        pull: (controller) => controller.error(new Error("gone")),
      }, { highWaterMark: 0 }),
  });
  await assert.rejects(async () => await bodyOf(await ask(pages, broken.path)));
  const short = files.offer({ size: 5_000, type: "video/webm", read: source().from });
  await assert.rejects(async () => await bodyOf(await ask(pages, short.path)), "fewer bytes than it was said to have");
  const { path, close } = files.offer({ size: content.length, type: "video/webm", read: source().from });
  const reader = (await ask(pages, path)).body!.getReader();
  await reader.read();
  const next = reader.read();
  close();
  await Promise.allSettled([next]);
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
  broken.close();
  short.close();
});

Deno.test("CONVERSATIONS: a worker of an earlier version streams nothing, and neither does none", async () => {
  assert.ok(await pageAndWorker().files.isReady());
  assert.ok(!await pageAndWorker({ answersHello: false }).files.isReady());
  assert.ok(!await new PageFiles(undefined).isReady());
});

Deno.test("CONVERSATIONS: a stream whose worker was stopped ends, and one whose reader pauses does not", async () => {
  const { files, pages, page, calls } = pageAndWorker({ everyMs: 100 });
  const { read, from } = source();
  const ends: StreamEnd[] = [];
  const offered = {
    size: content.length,
    type: "video/webm",
    read: from,
    ended: (how: StreamEnd) => void ends.push(how),
  };
  const paused = files.offer(offered);
  const reader = (await ask(pages, paused.path)).body!.getReader();
  await reader.read();
  const told = calls.length;
  await until(() => calls.length > told + 5);
  assert.deepEqual(ends, [], "nothing is read, and the worker answers");
  assert.equal((await reader.read()).value?.length, 1000, "it goes on where it was");
  await reader.cancel();
  await until(() => ends.length > 0);

  const stopped = files.offer(offered);
  const { port1: port, port2 } = new MessageChannel();
  const words: PageWord["kind"][] = [];
  port.onmessage = ({ data }) => void words.push(data.kind);
  page.postMessage({ media: "open", id: stopped.path.split("/").at(-1) }, [port2]);
  port.postMessage({ kind: "begin", start: 0 });
  port.postMessage({ kind: "next" });
  await until(() => ends.length > 1);
  assert.deepEqual(ends, ["taken", "lost"]);
  assert.deepEqual(words.filter((kind) => kind !== "alive"), ["head", "bytes"]);
  assert.equal(read.cancelled, 2, "nothing of it is read any more");
  port.close();
  paused.close();
  stopped.close();
});

Deno.test("CONVERSATIONS: a page whose answer comes too late knows that the file was not taken", async () => {
  const { files, pages, page } = pageAndWorker();
  const ended = Promise.withResolvers<StreamEnd>();
  const { path, close } = files.offer({
    size: content.length,
    type: "video/webm",
    read: source().from,
    ended: ended.resolve,
  });
  const waiting: (() => void)[] = [];
  const busy: Pages = {
    ...pages,
    get: () => Promise.resolve({ postMessage: (...call) => void waiting.push(() => page.postMessage(...call)) }),
  };
  const request = { url: origin + path, mode: "no-cors", destination: "video", headers: new Headers() } as const;
  assert.equal((await answerFile({ request, clientId: "own" }, busy, 1)).status, 404);
  for (const begin of waiting) begin();
  assert.equal(await ended.promise, "lost");
  close();
});

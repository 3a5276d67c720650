import assert from "node:assert/strict";
import type { MessageItem, OutgoingFile, Transfer } from "../../../client/api/engine_api.ts";
import { EngineError } from "../../../client/api/errors.ts";
import { until } from "../../../schema/testing/until.ts";
import type { ChosenFiles } from "./chosen_file.ts";
import { createOutgoing } from "./outgoing.ts";
import { readyFile } from "./tray.ts";

const item = (messageId: string, more: Partial<MessageItem> = {}): MessageItem => ({
  kind: "message",
  messageId,
  order: "\uffff1",
  sender: "anna",
  senderKey: "key",
  own: true,
  text: "look",
  atMs: 1,
  state: "waiting",
  ...more,
});
const one = (): ChosenFiles => ({
  files: [readyFile({ name: "a.txt", type: "text/plain", source: new Blob(["abc"]) })],
  original: false,
});

/** An engine that does with files what the test says. */
function world(send: (files: OutgoingFile[]) => Promise<void>) {
  const calls: string[] = [];
  const note = (name: string) => (chatId: string, messageId: string) => {
    calls.push(`${name} ${chatId} ${messageId}`);
    return Promise.resolve();
  };
  const outgoing = createOutgoing({
    sendFiles: (chatId, messageId, files) => note("send")(chatId, messageId).then(() => send(files)),
    pauseTransfer: note("pause"),
    resumeTransfer: note("resume"),
    cancelTransfer: note("cancel"),
    transfers: () => Promise.resolve([transfer("old", "paused"), transfer("m", "sending")]),
  }, (error) => assert.fail(`${error}`));
  return { outgoing, calls };
}

const transfer = (messageId: string, state: Transfer["state"]): Transfer => ({
  chatId: "c",
  messageId,
  state,
  done: 1,
  total: 2,
});

Deno.test("CONVERSATIONS: while files are read, closing the page would lose them, later not", async () => {
  const stored = Promise.withResolvers<void>();
  const { outgoing } = world(() => stored.promise);
  const sent = outgoing.send("c", item("m"), one());
  assert.equal(outgoing.busy(), true);
  assert.equal(outgoing.transferOf("m")?.state, "reading");
  outgoing.heard(transfer("m", "sending"));
  stored.resolve();
  await sent;
  assert.equal(outgoing.busy(), false);
  assert.equal(outgoing.transferOf("m")?.state, "sending", "what the engine said stays");
  outgoing.heard(transfer("m", "done"));
  assert.equal(outgoing.transferOf("m"), undefined);
});

Deno.test("CONVERSATIONS: files that the engine refuses are there for another try", async () => {
  let tries = 0;
  const { outgoing } = world(() =>
    tries++ === 0 ? Promise.reject(new EngineError({ code: "L005", detail: "full" })) : Promise.resolve()
  );
  await assert.rejects(outgoing.send("c", item("m"), one()), EngineError);
  assert.equal(outgoing.transferOf("m"), undefined);
  assert.equal(outgoing.busy(), false);
  await outgoing.again("c", item("m"))!();
  assert.equal(tries, 2);
});

Deno.test("CONVERSATIONS: cancelling before the engine has the files ends it there", async () => {
  const { outgoing, calls } = world(() => Promise.resolve());
  const sent = outgoing.send("c", item("m"), one());
  outgoing.cancel("c", "m");
  await assert.rejects(sent, EngineError);
  assert.ok(outgoing.isCancelled("m"));
  assert.deepEqual(calls, ["cancel c m"]);
});

Deno.test("CONVERSATIONS: a file that is gone since it was chosen is L039, not a fault of the app", async () => {
  const { outgoing } = world(() => Promise.reject(new DOMException("gone", "NotFoundError")));
  await assert.rejects(outgoing.send("c", item("m"), one()), (error) => (error as EngineError).problem.code === "L039");
});

Deno.test("CONVERSATIONS: after a reload the engine says what it has; news go before that", async () => {
  const { outgoing, calls } = world(() => Promise.resolve());
  outgoing.heard(transfer("m", "failed"));
  outgoing.start();
  await until(() => outgoing.transferOf("old") !== undefined, "what was paused");
  assert.equal(outgoing.transferOf("m")?.state, "failed");
  await outgoing.again("c", item("old", { attachments: [] }))!();
  assert.deepEqual(calls, ["resume c old"]);
  assert.equal(outgoing.again("c", item("text")), undefined);
});

import assert from "node:assert/strict";
import { createRoot } from "solid-js";
import type { ReceiptMarks } from "../../client/api/engine_api.ts";
import { createMarks } from "./marks.ts";

function opened(): {
  marks: () => ReceiptMarks;
  tell: (marks: ReceiptMarks) => void;
  answer: () => void;
  end: () => void;
} {
  const asked = Promise.withResolvers<ReceiptMarks>();
  let tell: (marks: ReceiptMarks) => void = () => {};
  const app = {
    engine: { receiptMarks: () => asked.promise },
    listenMarks: (_chatId: string, listener: (marks: ReceiptMarks) => void) => {
      tell = listener;
      return () => void (tell = () => {});
    },
    report: (error: unknown) => assert.fail(String(error)),
  };
  return createRoot((end) => ({
    marks: createMarks(app, "chat"),
    tell: (marks) => tell(marks),
    answer: () => asked.resolve({ delivered: "5", read: "3" }),
    end,
  }));
}

Deno.test("CONVERSATIONS: a chat's marks are asked for once, and then followed", async () => {
  const { marks, tell, answer, end } = opened();
  assert.deepEqual(marks(), { delivered: "", read: "" });
  answer();
  await Promise.resolve().then(() => {});
  await new Promise((done) => setTimeout(done, 0));
  assert.deepEqual(marks(), { delivered: "5", read: "3" });
  tell({ delivered: "7", read: "7" });
  assert.deepEqual(marks(), { delivered: "7", read: "7" });
  end();
});

Deno.test("CONVERSATIONS: marks that come before the answer are newer than it", async () => {
  const { marks, tell, answer, end } = opened();
  tell({ delivered: "7", read: "7" });
  answer();
  await new Promise((done) => setTimeout(done, 0));
  assert.deepEqual(marks(), { delivered: "7", read: "7" });
  end();
});

import assert from "node:assert/strict";
import { encodeCbor } from "../../schema/cbor.ts";
import { container, ownBody, textBody } from "./body.ts";
import { encodeMimiContent } from "./mimi_content.ts";
import { readReceipt, receiptType, writeReceipt } from "./receipt.ts";
import { readContent } from "./registry.ts";
import { messageId, received, salt } from "./testing/lines.ts";

const [one, two] = [messageId(1), messageId(2)];
const saying = (value: unknown) => received(container(salt, ownBody(receiptType, encodeCbor(value as never))));

Deno.test("CONVERSATIONS: readReceipt() gives back what writeReceipt() wrote", () => {
  for (const receipt of [{ delivered: one, read: two }, { delivered: one }, { read: two }, {}]) {
    assert.deepEqual(readReceipt(received(writeReceipt(receipt, salt))), receipt);
    const read = readContent(encodeMimiContent(writeReceipt(receipt, salt)));
    assert.deepEqual(read, { kind: "receipt", receipt });
  }
});

Deno.test("CONVERSATIONS: a receipt that is not as it should be says nothing, and makes no line", () => {
  const bad = [7, [], "x", one, { read: "x" }, { read: one.subarray(1), delivered: 7 }, { read: [one] }];
  for (const value of bad) assert.deepEqual(readReceipt(saying(value)), {}, JSON.stringify(value));
  assert.deepEqual(readReceipt(saying({ read: one, later: 1 })), { read: one });
  assert.deepEqual(readReceipt(received(container(salt, ownBody(receiptType, Uint8Array.of(0xff))))), {});
});

Deno.test("CONVERSATIONS: what is no receipt is left to the kinds of messages", () => {
  assert.equal(readReceipt(received(container(salt, textBody("hello")))), undefined);
  assert.equal(readReceipt(received(container(salt, ownBody("text/x", encodeCbor({ read: one }))))), undefined);
});

import assert from "node:assert/strict";
import { attachmentPieceBytes, attachmentStream } from "./attachment_stream.ts";

const message = { order: "1", messageId: "01" };

/** A file whose first byte of each piece is the piece's number. @returns its stream, and the pieces asked for so far */
function fileOf(pieces: number, failsAt = Infinity) {
  const asked: number[] = [];
  const engine = {
    attachmentPiece(_chatId: string, _message: unknown, _index: number, piece: number) {
      asked.push(piece);
      if (piece === failsAt) return Promise.reject(new Error(`piece ${piece}`));
      return Promise.resolve(new Uint8Array(attachmentPieceBytes).fill(piece, 0, 1));
    },
  };
  const stream = attachmentStream(engine, { chatId: "01", message, index: 0, size: pieces * attachmentPieceBytes });
  return { reader: stream.getReader(), asked };
}

Deno.test("attachmentStream() asks for the next piece ahead once it is read on, and for each one once", async () => {
  const { reader, asked } = fileOf(5);
  await reader.read();
  assert.deepEqual(asked, [0], "a look at the beginning costs one piece");
  await reader.read();
  assert.deepEqual(asked, [0, 1, 2]);
  const firstBytes: number[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) firstBytes.push(next.value[0]);
  assert.deepEqual([asked, firstBytes], [[0, 1, 2, 3, 4], [2, 3, 4]]);
});

Deno.test("attachmentStream() fails where the piece that fails stands, and not before", async () => {
  const { reader, asked } = fileOf(5, 2);
  await reader.read();
  assert.equal((await reader.read()).value![0], 1);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(asked, [0, 1, 2]);
  await assert.rejects(reader.read(), /piece 2/);
});

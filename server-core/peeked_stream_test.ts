import assert from "node:assert/strict";
import { MalformedError } from "../schema/malformed_error.ts";
import { PeekedStream } from "./peeked_stream.ts";

const stream = (...pieces: number[][]) => ReadableStream.from(pieces.map((piece) => Uint8Array.from(piece)));
const whole = async (readable: ReadableStream<Uint8Array>) => [...await new Response(readable).bytes()];

Deno.test("PeekedStream repeats peeked bytes, but not taken bytes", async () => {
  const peeked = new PeekedStream(stream([1], [2, 3], [4, 5], [6]));
  assert.deepEqual([...await peeked.peek(2)], [1, 2, 3]);
  assert.deepEqual([...await peeked.take(4)], [1, 2, 3, 4]);
  assert.deepEqual(await whole(peeked.rest()), [5, 6]);
});

Deno.test("PeekedStream peeks all of a short stream, and refuses to take more", async () => {
  assert.equal((await new PeekedStream(stream()).peek(1)).length, 0);
  await assert.rejects(new PeekedStream(stream([1, 2])).take(3), MalformedError);
});

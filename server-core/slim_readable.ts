/** Reads a QUIC stream with little memory. */

const firstReadBytes = 2 * 1024;
const largestReadBytes = 64 * 1024;

/**
 * Reads a stream into small buffers, which grow while the stream fills them. Deno reads streams into buffers
 * of 64 KiB, and a piece of 10 bytes keeps its whole buffer: a thousand half-sent calls held 200 MiB
 * (measured). A piece that fills little of its buffer is copied out, and the buffer used again.
 *
 * @param readable a readable byte stream
 * @param turn awaited when something has come, be it the stream's end or its failure, before it is passed on
 * @returns the same bytes
 */
export function slimReadable(
  readable: ReadableStream<Uint8Array>,
  turn?: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = readable.getReader({ mode: "byob" });
  let size = firstReadBytes;
  let spare: Uint8Array<ArrayBuffer> | undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = reader.read(spare ?? new Uint8Array(size));
      if (turn) await read.then(turn, turn);
      const { value, done } = await read;
      spare = undefined;
      if (done || !value) {
        controller.close();
        return;
      }
      if (value.length > size / 4) {
        if (value.length === size) size = Math.min(2 * size, largestReadBytes);
        controller.enqueue(value);
        return;
      }
      controller.enqueue(value.slice());
      spare = new Uint8Array(value.buffer);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

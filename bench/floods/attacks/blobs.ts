/** Uploads of one account, many at once far over its quota. Run it with a small QPQ_BLOB_QUOTA, as 5 MiB. */

import { createHash } from "node:crypto";
import { delivery } from "../../../schema/rpc/methods.ts";
import { connect, type Connection } from "../../../server-core/testing/quic.ts";
import type { Attack, Target } from "../attack.ts";

const blobBytes = 1024 * 1024;
const pieceBytes = 64 * 1024;
const uploadsAtOnce = 64;
const pauseMs = 20;

/** A blob with a hash of its own: the same bytes but for a number in front. */
function blob(of: Uint8Array<ArrayBuffer>, number: number) {
  new DataView(of.buffer).setFloat64(0, number);
  return { bytes: of, sha256: new Uint8Array(createHash("sha256").update(of).digest()) };
}

async function upload(connection: Connection, { devices: [device] }: Target, signal: AbortSignal): Promise<void> {
  const own = crypto.getRandomValues(new Uint8Array(pieceBytes));
  const bytes = new Uint8Array(blobBytes);
  for (let offset = 0; offset < blobBytes; offset += pieceBytes) bytes.set(own, offset);
  while (!signal.aborted) {
    const { sha256 } = blob(bytes, performance.now() + Math.random());
    await connection.as(device).call(delivery.putBlob, { sha256, length: blobBytes }, {}, bytes).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export const attack: Attack = {
  what: "one account uploads attachments of 1 MiB, 64 at once, over its quota again and again",
  async run(target, signal) {
    while (!signal.aborted) {
      try {
        const connection = await connect(target.core, target.coreCertificate, "capnp", "127.0.2.1");
        await Promise.race([
          Promise.all(Array.from({ length: uploadsAtOnce }, () => upload(connection, target, signal))),
          connection.conn.closed,
          new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
        ]);
        connection.close();
      } catch {
        // Cut off or refused: on with a new connection.
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  },
};

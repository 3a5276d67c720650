/**
 * 100 MiB up and down: as the engine does it (encrypted, hashed, in parts, checked piece by piece), beside the bare
 * stream of the same calls, over QUIC against a core process of its own. Prints one JSON object.
 */

import { toHex } from "../schema/bytes.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { spoolName, type StoredAttachment } from "../client/attachments/attachment.ts";
import { BlobReader } from "../client/attachments/blob_reader.ts";
import { uploadBlob } from "../client/attachments/blob_upload.ts";
import { ciphertextLength, contentPieces } from "../client/attachments/pieces.ts";
import { sealFile } from "../client/attachments/sealed_file.ts";
import { SpoolFiles } from "../client/attachments/spool_files.ts";
import { systemClock } from "../client/runtime/clock.ts";
import { FileSpool } from "../cli/storage/file_spool.ts";
import { connect, startProcess, withTempDir } from "../server-core/testing/quic.ts";
import { seedDevices, sha256 } from "../server-core/testing/seed.ts";

const megabyte = 1024 * 1024;
const size = 100 * megabyte;
const partBytes = 8 * megabyte;

/** A file that is made as it is read. */
const source = {
  size,
  stream() {
    let left = size;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (left === 0) return controller.close();
        const piece = new Uint8Array(Math.min(left, megabyte)).fill(left % 251);
        left -= piece.length;
        controller.enqueue(piece);
      },
    });
  },
};

/** @returns MiB/s */
async function rate(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return size / megabyte / ((performance.now() - startMs) / 1000);
}

await withTempDir(async (dataDir) => {
  const [device] = seedDevices(dataDir, 1);
  const server = await startProcess(dataDir);
  const connection = await connect(server.address, server.caPem);
  const rpc = connection.as(device);
  const files = new SpoolFiles(new FileSpool(`${dataDir}/files`));
  const bare = new Uint8Array(size).fill(7);
  const bareHash = sha256(bare);
  const bareUp = await rate(async () => {
    for (let offset = 0; offset < size; offset += partBytes) {
      const params = { sha256: bareHash, length: size, offset, drop: false };
      await rpc.call(delivery.putBlobPart, params, { timeoutMs: 120_000 }, bare.subarray(offset, offset + partBytes));
    }
  });
  const bareDown = await rate(async () => {
    for await (const _ of rpc.stream(delivery.getBlob, { sha256: bareHash, offset: 0 }));
  });
  let most = 0;
  const watch = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 20);
  const before = Deno.memoryUsage().rss;
  let blob!: StoredAttachment["blob"];
  const seal = await rate(async () => {
    blob = await sealFile(source, files.spool, () => {}, new AbortController().signal, () => {});
  });
  const waiting = { sha256: blob.sha256, length: ciphertextLength(size), spool: spoolName(blob, size) };
  const up = await rate(() =>
    uploadBlob(rpc, files, waiting, () => {}, new AbortController().signal, () => performance.now())
  );
  await files.remove(spoolName(blob, size));
  const attachment: StoredAttachment = { name: "film", type: "video/mp4", kind: "video", size, blob };
  const reader = new BlobReader(rpc, files, attachment, systemClock);
  const down = await rate(async () => {
    for (let index = 0; index < contentPieces(size); index++) await reader.piece(index);
  });
  clearInterval(watch);
  reader.close();
  connection.close();
  server.kill("SIGTERM");
  await server.status;
  const grown = Math.max(0, most - before) / megabyte;
  console.log(JSON.stringify({ bareUp, bareDown, seal, up, down, grown, blob: toHex(blob.sha256).slice(0, 8) }));
});
Deno.exit(0);

import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { spoolName } from "../attachments/attachment.ts";
import { MemorySpool } from "../attachments/memory_spool.ts";
import { sealPicture } from "../attachments/picture_blob.ts";
import { SpoolFiles } from "../attachments/spool_files.ts";
import { encodePicture, pictureId } from "../content/profile.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { Pictures } from "./pictures.ts";

/** A group with a picture whose ciphertext this device has. */
async function groupWithPicture(files: SpoolFiles) {
  const bytes = crypto.getRandomValues(new Uint8Array(2_000));
  const { blob, ciphertext } = await sealPicture(bytes);
  const picture = { ...blob, size: bytes.length };
  await files.use(spoolName(blob, bytes.length), (file) => file.write(0, ciphertext));
  const record = { standing: { kind: "member" }, members: [{}, {}], data: { picture: encodePicture(picture) } };
  return { picture, conversation: { record } };
}

Deno.test("CONVERSATIONS: a picture that can not be put up again does not hold up those of others", async () => {
  const files = new SpoolFiles(new MemorySpool());
  const spoiled = await groupWithPicture(files);
  const refused = await groupWithPicture(files);
  const good = await groupWithPicture(files);
  const groups = [spoiled, refused, good];
  await files.use(spoolName(spoiled.picture, spoiled.picture.size), (file) => file.write(9, Uint8Array.of(1, 2, 3)));
  const put: string[] = [];
  const nowMs = 1_000_000;
  const written = Promise.withResolvers<Record<string, number>>();
  const call = (_method: unknown, { sha256 }: { sha256: Bytes }) => {
    put.push(toHex(sha256));
    if (put.at(-1) !== toHex(refused.picture.sha256)) return Promise.resolve({ expiresMs: nowMs + 3_000 });
    return Promise.reject(new WireError(ErrorCode.malformed, "the hash is another"));
  };
  const due = Object.fromEntries(groups.map(({ picture }) => [pictureId(picture), 1]));
  const context = {
    rpc: { call },
    account: { clock: { now: () => nowMs }, settings: { content: {} } },
    conversations: { all: () => groups.map(({ conversation }) => conversation) },
    environment: { random: () => 0, after: () => () => {} },
    store: {
      get: (_store: string, key: string) => Promise.resolve(key === "picture/due" ? due : undefined),
      write: ({ puts }: { puts: { value: Record<string, number> }[] }) =>
        Promise.resolve(written.resolve(puts[0].value)),
    },
  } as unknown as SyncContext;
  const failed: unknown[] = [];
  const pictures = new Pictures(context, files, (error) => {
    failed.push(error);
    if (!(error instanceof WireError)) written.reject(error);
  });
  pictures.connected();
  pictures.look();
  const after = await written.promise;
  assert.deepEqual(put, [refused, good].map(({ picture }) => toHex(picture.sha256)));
  assert.deepEqual(groups.map(({ picture }) => after[pictureId(picture)]), [1, 1, nowMs + 2_000]);
  assert.deepEqual(failed.map((error) => (error as WireError).code), [ErrorCode.malformed]);
  pictures.close();
});

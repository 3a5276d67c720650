import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { fileHash } from "./file_hash.ts";

Deno.test("CONVERSATIONS: files are hashed in parts of any length, several at once", async () => {
  const [one, other] = [await fileHash(), await fileHash()];
  const firsts: number[] = [];
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  for (let at = 0, length = 0; at < bytes.length; at += length, length = (length * 3 + 1) % 4099) {
    one.update(bytes.subarray(at, at + length));
    other.update(bytes.subarray(at, at + 1));
    firsts.push(...bytes.subarray(at, at + 1));
  }
  assert.deepEqual([...one.digest()], [...sha256(bytes)]);
  assert.deepEqual([...other.digest()], [...sha256(Uint8Array.from(firsts))]);
  const empty = await fileHash();
  assert.deepEqual([...empty.digest()], [...sha256(new Uint8Array())]);
});

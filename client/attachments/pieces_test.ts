import assert from "node:assert/strict";
import { fromHex, sha256, toHex } from "../../schema/bytes.ts";
import {
  ciphertextLength,
  maxFileBytes,
  paddedLength,
  pieceBytes,
  PieceCipher,
  pieceCount,
  pieceRange,
} from "./pieces.ts";
import { referenceId, spoolName } from "./attachment.ts";
import vectors from "./vectors/pieces.json" with { type: "json" };

const key = fromHex(vectors.inputs.key);
const prefix = fromHex(vectors.inputs.prefix);

/** The file of the vectors, with its padding. */
function paddedFile(size: number): Uint8Array {
  return new Uint8Array(paddedLength(size)).map((_, index) => index < size ? index % 251 : 0);
}

async function sealed(size: number, cipher?: PieceCipher): Promise<Uint8Array[]> {
  const [file, seals] = [paddedFile(size), cipher ?? await PieceCipher.of(key, prefix, size)];
  const pieceOf = (index: number) => file.subarray(index * pieceBytes, (index + 1) * pieceBytes);
  return await Promise.all(Array.from({ length: pieceCount(size) }, (_, index) => seals.seal(index, pieceOf(index))));
}

Deno.test("CONVERSATIONS: pieces have the bytes that vectors/pieces.json pins, and open to the file", async () => {
  for (const { size, pieces, ...lengths } of vectors.files) {
    assert.equal(paddedLength(size), lengths.paddedLength);
    assert.equal(ciphertextLength(size), lengths.ciphertextLength);
    const cipher = await PieceCipher.of(key, prefix, size);
    const all = await sealed(size, cipher);
    assert.equal(all.length, pieces.length);
    let opened = 0;
    for (const [index, piece] of all.entries()) {
      assert.equal(piece.length, pieces[index].length);
      assert.equal(pieceRange(size, index).length, piece.length);
      assert.equal(toHex(piece.subarray(0, 16)), pieces[index].start);
      assert.equal(toHex(piece.subarray(-16)), pieces[index].end);
      assert.equal(toHex(await sha256(piece)), pieces[index].sha256);
      const bytes = (await cipher.open(index, piece))!;
      assert.ok(bytes.every((byte, at) => byte === (index * pieceBytes + at) % 251));
      opened += bytes.length;
    }
    assert.equal(opened, size);
  }
  const { reference } = vectors;
  const blob = { sha256: fromHex(reference.sha256), key, prefix };
  assert.equal(referenceId(blob, reference.size), reference.id);
  assert.equal(spoolName(blob, reference.size), reference.spoolName);
});

Deno.test("CONVERSATIONS: a piece that is cut, swapped, doubled, of another file or size does not open", async () => {
  const size = 2_500_000;
  const cipher = await PieceCipher.of(key, prefix, size);
  const [first, second, third] = await sealed(size, cipher);
  const refused = async (index: number, piece: Uint8Array, opens = cipher) =>
    assert.equal(await opens.open(index, piece), undefined);
  await refused(1, first);
  await refused(0, second);
  await refused(1, third);
  await refused(2, second);
  await refused(3, third);
  await refused(0, first.subarray(0, -1));
  await refused(0, new Uint8Array([...first, 0]));
  await refused(0, first.map((byte, index) => index === 77 ? byte ^ 1 : byte));
  for (const otherSize of [size - 1, size + 1, 2 * pieceBytes, 1, 40 * pieceBytes]) {
    await refused(0, first, await PieceCipher.of(key, prefix, otherSize));
    await refused(2, third, await PieceCipher.of(key, prefix, otherSize));
  }
  await refused(0, first, await PieceCipher.of(key, prefix.map((byte) => byte ^ 1), size));
  await refused(0, first, await PieceCipher.of(key.map((byte) => byte ^ 1), prefix, size));
  assert.equal((await cipher.open(2, third))!.length, size - 2 * pieceBytes);
});

Deno.test("CONVERSATIONS: padding that is not zero does not open, though its key made it", async () => {
  const cipher = await PieceCipher.of(key, prefix, 5);
  const good = paddedFile(5);
  assert.ok(await cipher.open(0, await cipher.seal(0, good)));
  assert.equal(await cipher.open(0, await cipher.seal(0, good.with(1023, 1))), undefined);
});

Deno.test("CONVERSATIONS: the length of a ciphertext is one of few, at most 12 % above the file's", () => {
  const lengths = new Set<number>();
  for (let size = 2000; size <= 3000; size++) lengths.add(ciphertextLength(size));
  assert.equal(lengths.size, 9);
  for (const size of [0, 1, 1024]) assert.equal(ciphertextLength(size), 1024 + 16);
  for (let size = 2000; size <= maxFileBytes; size = Math.ceil(size * 1.37)) {
    assert.ok(ciphertextLength(size) >= size && ciphertextLength(size) < 1.121 * size + 16, `${size}`);
  }
  assert.ok(ciphertextLength(maxFileBytes) <= 536_870_912, "QPQ_BLOB_MAX");
});

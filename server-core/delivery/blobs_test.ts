import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { joined, outcome, type TestService, withService } from "../testing/delivery_service.ts";
import { random, sha256, type TestDevice } from "../testing/seed.ts";
import { purgeDelivery } from "./blobs.ts";

function put({ as }: TestService, device: TestDevice, bytes: Bytes, claim: { sha256?: Bytes; length?: number } = {}) {
  return as(device).call(delivery.putBlob, { sha256: sha256(bytes), length: bytes.length, ...claim }, {}, bytes);
}

async function get({ as }: TestService, device: TestDevice, hash: Bytes, offset = 0): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const { bytes } of as(device).stream(delivery.getBlob, { sha256: hash, offset })) pieces.push(bytes);
  return joined(pieces);
}

async function files(dataDir: string): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir(`${dataDir}/blobs`)) {
    for await (const _ of Deno.readDir(`${dataDir}/blobs/${name}`)) count++;
  }
  return count;
}

Deno.test("getBlob() returns a stored blob whole and from an offset, to any device", () =>
  withService(2, async (service) => {
    const { clock, devices: [ann, bob] } = service;
    const blob = random(60_000);
    assert.deepEqual(await put(service, ann, blob), { expiresMs: clock.nowMs + 1000 });
    const big = joined(Array.from({ length: 4 }, () => random(60_001)));
    await put(service, ann, big);
    assert.deepEqual(await get(service, bob, sha256(big)), big);
    assert.deepEqual(await get(service, bob, sha256(big), 100_001), big.slice(100_001));
    assert.equal((await get(service, bob, sha256(big), big.length)).length, 0);
    assert.equal(await outcome(get(service, bob, sha256(big), big.length + 1)), "E014");
    assert.equal(await outcome(get(service, bob, random(32))), "E031");
  }));

Deno.test("putBlob() is idempotent and extends the blob's life", () =>
  withService(2, async (service) => {
    const { clock, dataDir, devices: [ann, bob] } = service;
    const blob = random(5000);
    await put(service, ann, blob);
    clock.nowMs += 600;
    assert.deepEqual(await put(service, ann, blob), { expiresMs: clock.nowMs + 1000 });
    assert.deepEqual(await put(service, bob, blob), { expiresMs: clock.nowMs + 1000 });
    assert.equal(await files(dataDir), 1);
  }));

Deno.test("putBlob() is E014 for a wrong hash or length, E030 when too large, E032 over the account's quota", () =>
  withService(2, async (service) => {
    const { dataDir, devices: [ann, bob] } = service;
    const blob = random(50_000);
    assert.equal(await outcome(put(service, ann, blob, { sha256: random(32) })), "E014");
    assert.equal(await outcome(put(service, ann, blob, { length: 49_999 })), "E014");
    assert.equal(await outcome(put(service, ann, blob, { length: 50_001 })), "E014");
    assert.equal(await outcome(put(service, ann, blob, { length: 0 })), "E014");
    assert.equal(await outcome(put(service, ann, blob, { length: 300_001 })), "E030");
    assert.equal(await files(dataDir), 0);
    await put(service, ann, joined(Array.from({ length: 5 }, () => random(60_000))));
    const more = joined(Array.from({ length: 4 }, () => random(60_000)));
    assert.equal(await outcome(put(service, ann, more)), "E032");
    assert.equal(await outcome(put(service, bob, more)), "ok");
    assert.equal(
      await outcome(put(service, ann, more)),
      "E032",
      "what another account stored counts for whoever puts it",
    );
  }));

Deno.test("purgeDelivery() removes expired blobs with their files, and files without a record", () =>
  withService(2, async (service) => {
    const { clock, dataDir, deps, devices: [ann, bob] } = service;
    const [one, two] = [random(1000), random(1000)];
    await put(service, ann, one);
    await put(service, ann, two);
    clock.nowMs += 900;
    await put(service, bob, two);
    const orphan = sha256(random(9));
    const name = Array.from(orphan, (byte) => byte.toString(16).padStart(2, "0")).join("");
    await Deno.mkdir(`${dataDir}/blobs/${name.slice(0, 2)}`, { recursive: true });
    await Deno.writeFile(`${dataDir}/blobs/${name.slice(0, 2)}/${name}`, random(9));
    clock.nowMs += 200;
    assert.equal(await outcome(get(service, bob, sha256(one))), "E031");
    await purgeDelivery(deps);
    assert.equal(await files(dataDir), 1);
    assert.deepEqual(await get(service, ann, sha256(two)), two);
  }));

Deno.test("SERVERS 8: uploads at once do not exceed a quota together, and no refused one leaves a file", () =>
  withService(2, async (service) => {
    const { dataDir, devices: [ann, bob] } = service;
    // 500,000 bytes are allowed.
    const blobs = Array.from({ length: 4 }, () => joined(Array.from({ length: 4 }, () => random(60_000))));
    const outcomes = await Promise.all(blobs.map((blob) => outcome(put(service, ann, blob))));
    assert.deepEqual(outcomes.sort(), ["E032", "E032", "ok", "ok"]);
    assert.equal(await files(dataDir), 2);
    assert.equal(await outcome(put(service, ann, random(30_000), { length: 20_000 })), "E014");
    assert.equal(await outcome(put(service, ann, random(20_000))), "ok", "what failed counts no longer");
    assert.equal(await files(dataDir), 3);
    assert.equal(await outcome(put(service, bob, blobs[0])), "ok");
  }));

Deno.test("SERVERS 8: an upload that fails takes no file from another account that puts the same blob", () =>
  withService(2, async (service) => {
    const { dataDir, devices: [ann, bob] } = service;
    const blob = random(50_000);
    const outcomes = await Promise.all([
      outcome(put(service, bob, blob)),
      outcome(service.as(ann).call(delivery.putBlob, { sha256: sha256(blob), length: 50_000 }, {}, blob.slice(1))),
    ]);
    assert.deepEqual(outcomes, ["ok", "E014"]);
    assert.deepEqual(await get(service, ann, sha256(blob)), blob);
    assert.equal(await files(dataDir), 1);
  }));

Deno.test("SERVERS 8: a record that is refused after the upload leaves no file, but where another has the blob", () =>
  withService(1, async ({ deps, dataDir }) => {
    const [one, two] = [random(1000), random(1000)];
    const pieces = async function* (blob: Bytes) {
      yield blob;
    };
    const refused = () => Promise.reject(new Error("refused"));
    const place = (blob: Bytes, record: () => Promise<unknown>, isGone: boolean) =>
      outcome(deps.blobs.put(sha256(blob), 1000, pieces(blob), record, () => Promise.resolve(isGone)));
    assert.equal(await place(one, () => Promise.resolve(), true), "ok");
    assert.equal(await place(one, refused, false), "Error: refused");
    assert.equal(await place(two, refused, true), "Error: refused");
    assert.equal(await files(dataDir), 1);
  }));

Deno.test("SERVERS 8: an account has 4 uploads at once, and a blob that the disk has no room for is refused", () =>
  withService(2, async (service) => {
    const { deps, devices: [ann, bob], dataDir } = service;
    const gate = Promise.withResolvers<void>();
    const held = Array.from(
      { length: 4 },
      (_, index) => deps.uploads.with(toHex(ann.accountKey), `${index}`, 1000, () => gate.promise),
    );
    assert.equal(await outcome(put(service, ann, random(1000))), "E005");
    deps.disk = roomFor(1000);
    assert.equal(await outcome(put(service, bob, random(1001))), "E032");
    assert.equal(await outcome(put(service, bob, random(1000))), "ok", "ann has announced much, and sent nothing");
    assert.equal(await files(dataDir), 1);
    gate.resolve();
    await Promise.all(held);
    assert.equal(await outcome(put(service, ann, random(1000))), "ok");
  }));

Deno.test("SERVERS 8: an upload ends when the disk's reserve is reached while it is sent, and leaves no file", () =>
  withService(1, async (service) => {
    const { deps, devices: [ann], dataDir } = service;
    let looks = 0;
    deps.disk = { requireRoom: () => roomFor(++looks < 3 ? 1e9 : 0).requireRoom(1) };
    assert.equal(await outcome(put(service, ann, joined(Array(4).fill(random(65_000))))), "E032");
    assert.equal(await files(dataDir), 0);
  }));

/** A disk with room for so many bytes. */
function roomFor(most: number) {
  return {
    requireRoom(bytes = 0) {
      if (bytes > most) throw new WireError(ErrorCode.quotaExceeded, "full");
    },
  };
}

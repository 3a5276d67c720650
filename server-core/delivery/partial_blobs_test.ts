import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { joined, outcome, type TestService, withService } from "../testing/delivery_service.ts";
import { random, sha256, type TestDevice } from "../testing/seed.ts";
import { purgeDelivery } from "./blobs.ts";
import { PartialBlobs } from "./partial_blobs.ts";

const dayMs = 24 * 3_600_000;

function blobOf(bytes: number): Bytes {
  return joined(Array.from({ length: Math.ceil(bytes / 50_000) }, () => random(50_000))).slice(0, bytes);
}

/** Sends `bytes[from..to]` of a blob. */
function part(
  { as }: TestService,
  device: TestDevice,
  blob: Bytes,
  [from, to]: [number, number],
  claim: { sha256?: Bytes; length?: number; offset?: number; drop?: boolean } = {},
) {
  const params = { sha256: sha256(blob), length: blob.length, offset: from, drop: false, ...claim };
  return as(device).call(delivery.putBlobPart, params, {}, blob.subarray(from, to));
}

async function whole({ as }: TestService, device: TestDevice, blob: Bytes): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const { bytes } of as(device).stream(delivery.getBlob, { sha256: sha256(blob), offset: 0 })) {
    pieces.push(bytes);
  }
  return joined(pieces);
}

async function files(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) found.push(name);
  return found;
}

Deno.test("CONVERSATIONS: putBlobPart() goes on where an upload was cut off, also after a restart", () =>
  withService(2, async (service) => {
    const { clock, dataDir, deps, devices: [ann, bob] } = service;
    const blob = blobOf(250_000);
    assert.deepEqual(await part(service, ann, blob, [0, 0]), { have: 0, expiresMs: 0 });
    assert.equal((await files(`${dataDir}/blobs/partial`)).length, 0, "a question takes no place");
    assert.deepEqual(await part(service, ann, blob, [0, 100_000]), { have: 100_000, expiresMs: 0 });
    assert.deepEqual(await part(service, ann, blob, [150_000, 250_000]), { have: 100_000, expiresMs: 0 });
    assert.equal(await outcome(whole(service, bob, blob)), "E031", "it is not whole");
    deps.partials = await PartialBlobs.open(`${dataDir}/blobs`);
    assert.deepEqual(await part(service, ann, blob, [100_000, 100_000]), { have: 100_000, expiresMs: 0 });
    assert.deepEqual(await part(service, ann, blob, [50_000, 120_000]), { have: 120_000, expiresMs: 0 });
    assert.deepEqual(await part(service, ann, blob, [0, 60_000]), { have: 120_000, expiresMs: 0 }, "again");
    const end = { have: 250_000, expiresMs: clock.nowMs + 1000 };
    assert.deepEqual(await part(service, ann, blob, [120_000, 250_000]), end);
    assert.deepEqual(await whole(service, bob, blob), blob);
    assert.deepEqual(await files(`${dataDir}/blobs/partial`), []);
    clock.nowMs += 10;
    assert.deepEqual(await part(service, bob, blob, [0, 0]), { ...end, expiresMs: clock.nowMs + 1000 }, "it is there");
  }));

Deno.test("CONVERSATIONS: putBlobPart() is E014 for wrong hashes, lengths and offsets, E030 and E032 over limits", () =>
  withService(1, async (service) => {
    const { dataDir, devices: [ann] } = service;
    const blob = blobOf(100_000);
    const wrong = random(32);
    assert.equal((await part(service, ann, blob, [0, 60_000], { sha256: wrong })).have, 60_000);
    assert.equal(await outcome(part(service, ann, blob, [60_000, 100_000], { sha256: wrong })), "E014");
    assert.equal((await part(service, ann, blob, [0, 0], { sha256: wrong })).have, 0, "it begins again");
    assert.equal(await outcome(part(service, ann, blob, [0, 100_000], { length: 99_999 })), "E014");
    assert.equal(await outcome(part(service, ann, blob, [0, 0], { offset: 100_001 })), "E014");
    assert.equal(await outcome(part(service, ann, blob, [0, 0], { length: 0 })), "E014");
    assert.equal(await outcome(part(service, ann, blob, [0, 0], { length: 300_001 })), "E030");
    assert.equal((await part(service, ann, blob, [0, 50_000])).have, 50_000);
    assert.equal(await outcome(part(service, ann, blob, [0, 0], { length: 99_000 })), "ok", "a question");
    assert.equal((await part(service, ann, blob, [0, 10], { length: 99_000 })).have, 10, "one with another length");
    await part(service, ann, blob, [0, 0], { drop: true });
    assert.deepEqual(await files(`${dataDir}/blobs/partial`), []);
  }));

Deno.test("CONVERSATIONS: unfinished uploads count for their account's quota, whole, and for nobody else's", () =>
  withService(2, async (service) => {
    const { devices: [ann, bob] } = service;
    const [one, two] = [blobOf(300_000), blobOf(200_001)];
    assert.equal((await part(service, ann, one, [0, 1])).have, 1);
    assert.equal(await outcome(part(service, ann, two, [0, 1])), "E032");
    assert.equal(
      await outcome(service.as(ann).call(delivery.putBlob, { sha256: sha256(two), length: 200_001 }, {}, two)),
      "E032",
    );
    assert.equal((await part(service, bob, two, [0, 1])).have, 1);
    await part(service, ann, one, [0, 0], { drop: true });
    assert.equal((await part(service, ann, two, [0, 200_001])).have, 200_001);
  }));

Deno.test("CONVERSATIONS: a ninth unfinished upload ends the one that rested longest, and 24 h end each", () =>
  withService(2, async (service) => {
    const { clock, deps, devices: [ann, bob] } = service;
    const blobs = Array.from({ length: 9 }, () => blobOf(1000));
    for (const blob of blobs.slice(0, 8)) {
      clock.nowMs += 1;
      await part(service, ann, blob, [0, 10]);
    }
    await part(service, bob, blobs[0], [0, 7]);
    clock.nowMs += 1;
    await part(service, ann, blobs[0], [10, 20]);
    await part(service, ann, blobs[8], [0, 10]);
    const have = async (blob: Bytes, device = ann) => (await part(service, device, blob, [0, 0])).have;
    assert.equal(deps.partials.lengths(toHex(ann.accountKey)).size, 8);
    assert.deepEqual([await have(blobs[0]), await have(blobs[1]), await have(blobs[2])], [20, 0, 10]);
    assert.equal(await have(blobs[0], bob), 7, "another account's");
    await purgeDelivery(deps);
    assert.equal(await have(blobs[0]), 20);
    clock.nowMs += dayMs + 10;
    await purgeDelivery(deps);
    assert.equal(await have(blobs[0]), 0);
  }));

Deno.test("CONVERSATIONS: two calls of one upload end with one whole blob, and a late one changes nothing", () =>
  withService(2, async (service) => {
    const { deps, devices: [ann, bob] } = service;
    const blob = blobOf(200_000);
    const gate = Promise.withResolvers<void>();
    const call = { account: toHex(ann.accountKey), sha256: toHex(sha256(blob)), length: 200_000, offset: 0 };
    async function* slowly() {
      yield blob.slice(0, 50_000);
      await gate.promise;
      yield new Uint8Array(50_000);
    }
    const slow = deps.partials.append(call, slowly(), () => Promise.reject(new Error("not whole")), deps.now);
    const outcomes = [outcome(part(service, ann, blob, [0, 200_000])), outcome(part(service, ann, blob, [0, 200_000]))];
    const done = await Promise.all(outcomes);
    assert.ok(done.includes("ok"), done.join());
    gate.resolve();
    assert.equal(await outcome(slow), "E005");
    assert.deepEqual(await whole(service, bob, blob), blob);
  }));

Deno.test("CONVERSATIONS: a part over 8 MiB is E011, and a full disk keeps what has come", () =>
  withService(1, async (service) => {
    const { deps, devices: [ann] } = service;
    deps.blobLimits = { ...deps.blobLimits, maxBytes: 2 ** 30, quotaBytes: 2 ** 30 };
    const big = new Uint8Array(8 * 1024 * 1024 + 65_536);
    assert.equal(await outcome(part(service, ann, big, [0, big.length])), "E011");
    const have = (await part(service, ann, big, [0, 0])).have;
    assert.equal(have, 8 * 1024 * 1024);
    const { disk } = deps;
    let looks = 0;
    deps.disk = {
      requireRoom() {
        if (looks++ > 0) throw new WireError(ErrorCode.quotaExceeded, "full");
      },
    };
    assert.equal(await outcome(part(service, ann, big, [have, big.length])), "E032");
    deps.disk = disk;
    assert.equal((await part(service, ann, big, [0, 0])).have, have);
    assert.equal((await part(service, ann, big, [have, big.length])).have, big.length);
  }));

Deno.test("CONVERSATIONS: a blob over 25 MiB comes in parts", () =>
  withService(1, async (service) => {
    const { deps, devices: [ann] } = service;
    deps.blobLimits = { ...deps.blobLimits, maxBytes: 2 ** 30, quotaBytes: 2 ** 30 };
    const length = 25 * 1024 * 1024 + 1;
    const put = service.as(ann).call(delivery.putBlob, { sha256: random(32), length }, {}, new Uint8Array(10));
    assert.equal(await outcome(put), "E030");
    assert.equal((await part(service, ann, random(10), [0, 10], { length })).have, 10);
  }));

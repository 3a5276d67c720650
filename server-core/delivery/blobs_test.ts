import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
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

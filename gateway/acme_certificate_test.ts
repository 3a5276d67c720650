import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { logTo } from "../server-common/testing/log.ts";
import { AcmeCertificate, type AcmeCertificateOptions } from "./acme_certificate.ts";
import { AcmeChallenges } from "./acme_challenges.ts";
import { makeSelfSignedCertificate } from "../server-common/self_signed_certificate.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** An authority that issues certificates of 90 days, or none. */
function authority(folder: string, more: Partial<AcmeCertificateOptions> = {}) {
  const world = {
    now: Date.parse("2026-01-01"),
    orders: 0,
    keys: [] as string[],
    refuses: false,
    events: [] as string[],
  };
  const options: AcmeCertificateOptions = {
    domain: "chat.example",
    directoryUrl: "https://authority.example/directory",
    folder,
    now: () => world.now,
    log: logTo((_level, event) => void world.events.push(event)),
    makeAccountKey: () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return Promise.resolve(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    },
    order: async (accountKey) => {
      world.orders++;
      world.keys.push(accountKey);
      if (world.refuses) throw new Error("no such name");
      return await makeSelfSignedCertificate({
        notBefore: new Date(world.now),
        notAfter: new Date(world.now + 90 * dayMs),
        commonName: "chat.example",
        dnsNames: ["chat.example"],
        ipAddresses: [],
      });
    },
    ...more,
  };
  return { world, options };
}

async function withFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(`${folder}/acme`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("AcmeCertificate starts self-made, orders once, and again when a third of its life is left", () =>
  withFolder(async (folder) => {
    const { world, options } = authority(folder);
    const source = await AcmeCertificate.open(options);
    const standIn = source.current;
    const [ordered, busy] = await Promise.all([source.refresh(), source.refresh()]);
    assert.ok(ordered && ordered.certificate !== standIn.certificate);
    assert.equal(busy, undefined, "one order at a time");
    world.now += 59 * dayMs;
    assert.equal(await source.refresh(), undefined);
    world.now += 2 * dayMs;
    assert.ok(await source.refresh());
    assert.equal(world.orders, 2);
    assert.equal(new Set(world.keys).size, 1, "the account is kept");
  }));

Deno.test("AcmeCertificate waits longer after each failure, and serves its old certificate", () =>
  withFolder(async (folder) => {
    const { world, options } = authority(folder);
    world.refuses = true;
    const source = await AcmeCertificate.open(options);
    const triedAt: number[] = [];
    for (let minute = 0; minute < 120; minute++) {
      const before = world.orders;
      assert.equal(await source.refresh(), undefined);
      if (world.orders > before) triedAt.push(minute);
      world.now += minuteMs;
    }
    assert.deepEqual(triedAt, [0, 2, 6, 14, 30, 62]);
    assert.ok(source.current.certificate.includes("BEGIN CERTIFICATE"));
    world.now += 6 * 60 * minuteMs;
    world.refuses = false;
    assert.ok(await source.refresh());
  }));

Deno.test("SERVERS 9: AcmeCertificate tries again in time after an order that failed at a clock two years ahead", () =>
  withFolder(async (folder) => {
    const { world, options } = authority(folder);
    world.refuses = true;
    const source = await AcmeCertificate.open(options);
    const rightMs = world.now;
    world.now += 730 * dayMs;
    assert.equal(await source.refresh(), undefined);
    world.now = rightMs;
    world.refuses = false;
    assert.ok(await source.refresh());
  }));

Deno.test("AcmeCertificate keeps its certificate over a restart, for the same name and authority", () =>
  withFolder(async (folder) => {
    const { world, options } = authority(folder);
    const first = await AcmeCertificate.open(options);
    const ordered = await first.refresh();
    assert.deepEqual((await AcmeCertificate.open(options)).current, ordered);
    for (const other of [{ domain: "other.example" }, { directoryUrl: "https://other.example/directory" }]) {
      assert.notEqual((await AcmeCertificate.open({ ...options, ...other })).current.certificate, ordered!.certificate);
    }
    world.now += 91 * dayMs;
    assert.notEqual((await AcmeCertificate.open(options)).current.certificate, ordered!.certificate);
    await Deno.writeTextFile(`${folder}/certificate.json`, "{");
    assert.ok(await (await AcmeCertificate.open(options)).refresh());
  }));

Deno.test("AcmeChallenges answers only for offered tokens", async () => {
  const challenges = new AcmeChallenges();
  challenges.offer("abc-_1", "abc-_1.thumbprint");
  assert.equal(await challenges.respond("/.well-known/acme-challenge/abc-_1")?.text(), "abc-_1.thumbprint");
  for (const path of ["other", "", "abc-_1/x", "../abc-_1"]) {
    assert.equal(challenges.respond(`/.well-known/acme-challenge/${path}`)?.status, 404);
  }
  assert.equal(challenges.respond("/index.html"), undefined);
  challenges.withdraw("abc-_1");
  assert.equal(challenges.respond("/.well-known/acme-challenge/abc-_1")?.status, 404);
});

Deno.test("SERVERS 10: AcmeCertificate orders anew when its files were cut off, and takes no pair that does not match", () =>
  withFolder(async (folder) => {
    const { world, options } = authority(folder);
    const source = await AcmeCertificate.open(options);
    await source.refresh();
    for (const file of ["account-key.pem", "certificate.json"]) await Deno.writeTextFile(`${folder}/${file}`, "");
    const again = await AcmeCertificate.open(options);
    assert.ok(await again.refresh());
    assert.equal(new Set(world.keys).size, 2, "an account of its own for the new key");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "account-key.pem",
      "certificate.json",
    ]);
    const { certificate } = again.current;
    const wrong = authority(folder, { order: async () => ({ ...await options.order(""), certificate }) });
    wrong.world.now += 89 * dayMs;
    const kept = await AcmeCertificate.open(wrong.options);
    assert.equal(await kept.refresh(), undefined);
    assert.deepEqual(wrong.world.events, ["acme-order-failed"]);
    assert.deepEqual(kept.current, again.current);
  }));

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { certificatePin } from "../schema/certificate_pin.ts";
import { CertificateFiles, SelfMadeCertificate } from "./certificate.ts";
import { makeKeyPair } from "./testing/stub_core.ts";

const dayMs = 86_400_000;

async function withFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("SelfMadeCertificate makes P-256 certificates for localhost of 13 days", () =>
  withFolder(async (folder) => {
    const source = await SelfMadeCertificate.open(folder, Date.now);
    const certificate = new X509Certificate(source.current.certificate);
    const spanMs = Date.parse(certificate.validTo) - Date.parse(certificate.validFrom);
    assert.ok(spanMs <= 13 * dayMs && spanMs > 12.9 * dayMs);
    assert.equal(certificate.subject, "CN=localhost");
    assert.match(certificate.subjectAltName ?? "", /DNS:localhost.*127\.0\.0\.1.*1$/);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(source.hashes[0], btoa(String.fromCharCode(...await certificatePin(source.current.certificate))));
  }));

Deno.test("SelfMadeCertificate publishes the next hash before its change, and is always valid", () =>
  withFolder(async (folder) => {
    let now = Date.parse("2026-01-01");
    const source = await SelfMadeCertificate.open(folder, () => now);
    let changes = 0;
    let published = [...source.hashes];
    for (let hour = 0; hour < 60 * 24; hour++) {
      now += 3_600_000;
      const changed = await source.refresh();
      const current = btoa(String.fromCharCode(...await certificatePin(source.current.certificate)));
      assert.ok(published.includes(current), "the hash in use was published before");
      if (changed) changes++;
      published = [...source.hashes];
      const certificate = new X509Certificate(source.current.certificate);
      assert.ok(Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo));
    }
    assert.ok(changes >= 4 && changes <= 6, `${changes} changes in 60 days`);
  }));

Deno.test("SelfMadeCertificate keeps its certificates over a restart and replaces expired and damaged ones", () =>
  withFolder(async (folder) => {
    const first = await SelfMadeCertificate.open(folder, Date.now);
    const again = await SelfMadeCertificate.open(folder, Date.now);
    assert.deepEqual(again.hashes, first.hashes);
    assert.equal(again.current.privateKey, first.current.privateKey);
    const later = await SelfMadeCertificate.open(folder, () => Date.now() + 100 * dayMs);
    assert.ok(!later.hashes.some((hash) => first.hashes.includes(hash)));
    await Deno.writeTextFile(`${folder}/webtransport-certificates.json`, "[{}");
    assert.equal((await SelfMadeCertificate.open(folder, Date.now)).hashes.length, 2);
    const { mode } = await Deno.stat(`${folder}/webtransport-certificates.json`);
    if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o077, 0);
  }));

Deno.test("CertificateFiles reads its files again when they change, and names no hashes", () =>
  withFolder(async (folder) => {
    const paths = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    const write = async () => {
      const pair = await makeKeyPair();
      await Deno.writeTextFile(paths.certificatePath, pair.certificate);
      await Deno.writeTextFile(paths.privateKeyPath, pair.privateKey);
      return pair;
    };
    await assert.rejects(CertificateFiles.open(paths));
    const first = await write();
    const source = await CertificateFiles.open(paths);
    assert.deepEqual(source.current, first);
    assert.equal(source.hashes, undefined);
    assert.equal(await source.refresh(), undefined);
    const second = await write();
    assert.deepEqual(await source.refresh(), second);
  }));

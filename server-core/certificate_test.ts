import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { certificatePin } from "../schema/certificate_pin.ts";
import { keptCertificate, loadCertificate } from "./certificate.ts";
import { withTempDir } from "./testing/quic.ts";

Deno.test("keptCertificate() makes a certificate once, keeps its key private, and then always returns it", () =>
  withTempDir(async (dataDir) => {
    const made = await keptCertificate(dataDir, Date.now());
    assert.deepEqual(await keptCertificate(dataDir, Date.now()), made);
    assert.deepEqual(
      await loadCertificate({ certificate: `${dataDir}/core-cert.pem`, key: `${dataDir}/core-key.pem` }),
      made,
    );
    assert.deepEqual(made.pin, await certificatePin(made.certificatePem));
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(`${dataDir}/core-key.pem`)).mode! & 0o777, 0o600);
  }));

Deno.test({
  name: "keptCertificate() is accepted by a QUIC client that trusts it, by name, by address and by pin",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (dataDir) => {
      const { certificatePem, privateKeyPem, pin } = await keptCertificate(dataDir, Date.now());
      const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
      const listener = endpoint.listen({ cert: certificatePem, key: privateKeyPem, alpnProtocols: ["capnp"] });
      const connections: Deno.QuicConn[] = [];
      const accepting = (async () => {
        for (let count = 0; count < 3; count++) connections.push(await (await listener.incoming()).accept());
      })();
      const address = { hostname: "127.0.0.1", port: endpoint.addr.port, alpnProtocols: ["capnp"] };
      const trusts = [
        { serverName: "localhost", caCerts: [certificatePem] },
        { serverName: "127.0.0.1", caCerts: [certificatePem] },
        { serverName: "localhost", serverCertificateHashes: [{ algorithm: "sha-256", value: pin }] },
      ];
      for (const trust of trusts) connections.push(await Deno.connectQuic({ ...address, ...trust }));
      await accepting;
      assert.equal(connections.length, 6);
      endpoint.close({ closeCode: 0, reason: "done" });
    }),
});

for (const [words, offMs] of [["ten years ahead", 10], ["fifty years back", -50]] as const) {
  Deno.test(`SERVERS 9: keptCertificate() made by a clock ${words} is valid once the clock is right`, () =>
    withTempDir(async (dataDir) => {
      const { certificatePem } = await keptCertificate(dataDir, Date.now() + offMs * 365 * 24 * 3_600_000);
      const { validFrom, validTo } = new X509Certificate(certificatePem);
      assert.ok(Date.parse(validFrom) < Date.now() && Date.parse(validTo) > Date.now() + 10 * 365 * 24 * 3_600_000);
    }));
}

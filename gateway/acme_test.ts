/** A certificate from a real ACME authority (Caddy), over HTTP-01, into HTTPS and WebTransport of a running gateway. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { startAcmeServer } from "./testing/caddy.ts";
import { openSession, readAll, writeAll } from "./testing/http3_client.ts";
import { startTestGateway } from "./testing/test_gateway.ts";
import { until } from "../schema/testing/until.ts";

/** The authority only asks on port 80 of the name (RFC 8555 §8.3). */
const challengePort = 80;

Deno.test({
  name: "the gateway orders a certificate, serves it under open sessions, keeps and renews it",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using authority = await startAcmeServer();
    const root = await Deno.readTextFile(authority.rootPath);
    let now = Date.now();
    const folder = await Deno.makeTempDir();
    const config = {
      acme: {
        domain: "localhost",
        directoryUrl: authority.directoryUrl,
        caPath: authority.rootPath,
        email: "operator@chat.example",
      },
      publicHost: "localhost",
      dataDir: folder,
      httpTls: true,
      redirectPort: challengePort,
    };
    const kept = async () =>
      JSON.parse(await Deno.readTextFile(`${folder}/acme/certificate.json`)).certificate as string;
    const echo = async (session: Awaited<ReturnType<typeof openSession>>, byte: number) => {
      const stream = await session.openStream();
      const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(byte))]);
      return echoed[0];
    };
    {
      await using test = await startTestGateway({ config, now: () => now });
      await test.gateway.whenCoreReady();
      await until(() => test.events.some(({ event }) => event === "certificate-replaced"), "the first order");
      const first = await kept();
      const leaf = new X509Certificate(first);
      assert.equal(leaf.subjectAltName, "DNS:localhost");
      assert.ok(Date.parse(leaf.validTo) - now < 86_400_000);
      const { mode } = await Deno.stat(`${folder}/acme/certificate.json`);
      assert.equal((mode ?? 0) & 0o077, 0);

      using client = Deno.createHttpClient({ caCerts: [root] });
      const init: RequestInit & { client: Deno.HttpClient } = { client };
      const origin = `https://localhost:${test.gateway.httpPort}`;
      const page = await fetch(`${origin}/.well-known/quicproquo.json`, init);
      assert.deepEqual((await page.json()).webtransport, {
        url: `https://localhost:${test.gateway.webTransportPort}/wt`,
      });
      const old = await openSession({ port: test.gateway.webTransportPort, certificate: root, origin });
      assert.equal(await echo(old, 1), 1);

      await test.gateway.refreshCertificate();
      assert.equal(await kept(), first, "a fresh certificate is not ordered again");
      now += (Date.parse(leaf.validTo) - now) * 0.7;
      await test.gateway.refreshCertificate();
      const second = await kept();
      assert.notEqual(second, first, "renewed with less than a third of its life left");
      assert.equal(await echo(old, 2), 2, "the session goes on");
      const fresh = await openSession({ port: test.gateway.webTransportPort, certificate: root, origin });
      assert.equal(await echo(fresh, 3), 3);
      const seen = await peerCertificate(test.gateway.httpPort, root);
      assert.equal(seen, new X509Certificate(second).fingerprint256, "HTTPS shows the new one");
    }
    await using again = await startTestGateway({
      config: { ...config, acme: { ...config.acme, caPath: undefined } },
      now: () => now,
    });
    assert.equal(await peerCertificate(again.gateway.httpPort, root), new X509Certificate(await kept()).fingerprint256);
    assert.ok(!again.events.some(({ event }) => event === "acme-order-failed" || event === "acme-certificate-ordered"));
    await Deno.remove(folder, { recursive: true });
  },
});

/** @returns the fingerprint of the certificate that a TLS server shows */
async function peerCertificate(port: number, root: string): Promise<string> {
  const { connect } = await import("node:tls");
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: [root] }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw).fingerprint256);
    });
    socket.on("error", reject);
  });
}

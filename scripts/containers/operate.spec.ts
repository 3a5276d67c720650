/** What docs/operate.md says of keys, backups and IPv6, line by line in real containers. */

import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { get as httpsGet } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { expect, test } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { deno } from "../paths.mjs";
import { publicHost, startNginx } from "../../e2e/testing/reverse_proxy.ts";
import { compose, docker, inspect, resetSettings, settings } from "./compose.ts";
import { healthy } from "./healthy.ts";
import { folderWithCertificate } from "./test_certificate.ts";

test.describe.configure({ mode: "serial", timeout: 600_000 });

const backups = mkdtempSync(`${tmpdir()}/qpq-backups-`);
const keyFile = "/keys/db-key-2";

const server = (...args: string[]) =>
  compose("exec", "-T", "core", "deno", "task", "--quiet", "qpq-server", ...args).trim();
const status = () => JSON.parse(server("status", "--json"));
/** A command of the core while it is stopped. */
const stopped = (...args: string[]) => compose("run", "--rm", "core", "-P=server", "server-core/main.ts", ...args);

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String((error as { stderr?: string }).stderr ?? error);
  }
  throw new Error("it did not fail");
}

test.afterEach(({}, { status, expectedStatus }) => {
  if (status !== expectedStatus) console.log(compose("ps"), compose("logs", "--no-color", "--tail", "40"));
});

test.afterAll(() => {
  compose("down", "-v", "--timeout", "15");
  resetSettings();
  rmSync(backups, { recursive: true, force: true });
});

test("SERVERS 14: a folder of root takes the backups without a chown, and backup --keep keeps the newest", async () => {
  resetSettings();
  compose("down", "-v");
  chmodSync(backups, 0o755);
  settings.QPQ_BACKUPS = backups;
  compose("build");
  compose("up", "-d");
  await healthy("core");
  await healthy("gateway");
  expect(inspect("folders").State).toMatchObject({ Status: "exited", ExitCode: 0 });
  expect(statSync(backups)).toMatchObject({ uid: 10001, gid: 0 });
  for (let count = 0; count < 3; count++) server("backup", "--keep", "2", "/backup");
  const names = () => readdirSync(backups).filter((name) => name.endsWith(".qpq")).sort();
  expect(names().map((name) => name.slice(0, 19))).toEqual(["quicproquo-000002-2", "quicproquo-000003-2"]);
  server("backup", "/backup/today.qpq");
  expect(failure(() => server("backup", "/backup/today.qpq"))).toContain("/backup/today.qpq exists already");
  rmSync(`${backups}/today.qpq`);
});

test("SERVERS 14: the backup service makes backups on its own, and ends at once", async () => {
  for (const name of readdirSync(backups)) rmSync(`${backups}/${name}`);
  settings.COMPOSE_PROFILES = "backup";
  compose("up", "-d");
  await expect.poll(() => compose("logs", "--no-color", "backup"), { timeout: 180_000 }).toContain(
    "the next backup is made at",
  );
  expect(readdirSync(backups).filter((name) => name.endsWith(".qpq"))).toHaveLength(1);
  compose("stop", "backup");
  expect(inspect("backup").State).toMatchObject({ Status: "exited", ExitCode: 0 });
  compose("rm", "-f", "backup");
  delete settings.COMPOSE_PROFILES;
});

test("SERVERS 14: status says the pin, the last backup, and when both certificates end", () => {
  const said = status();
  expect(said.pin).toMatch(/^[0-9a-f]{64}$/);
  expect(said.lastBackup.file).toMatch(/^\/backup\/quicproquo-000001-/);
  expect(said.gatewayCertificate.untilMs).toBeGreaterThan(Date.now());
  expect(said.certificate.untilMs).toBeGreaterThan(Date.now());
});

test("SERVERS 13: rekey works as docs/operate.md says, and an old backup says which key it needs", async () => {
  const { keyId } = status();
  const [old] = readdirSync(backups).filter((name) => name.endsWith(".qpq"));
  compose("stop", "core");
  compose("run", "--rm", "setup", "-P=setup", "scripts/containers/setup.ts", "new-key", keyFile);
  stopped("rekey", "--new-key-file", keyFile);
  settings.QPQ_DB_KEY_FILE = keyFile;
  compose("up", "-d");
  await healthy("core");
  expect(status()).toMatchObject({ encrypted: true, server: "serving" });
  expect(status().keyId).not.toBe(keyId);

  compose("stop", "core");
  const refused = failure(() => stopped("restore", `/backup/${old}`, "--replace"));
  expect(refused).toContain("with another key, the one that was in use until ");
  // The old backup under its own key, and then the data under the present one.
  const asBefore = ["run", "--rm", "-e", "QPQ_DB_KEY_FILE=/keys/db-key", "core", "-P=server", "server-core/main.ts"];
  expect(compose(...asBefore, "restore", `/backup/${old}`, "--replace")).toContain("restored");
  compose(...asBefore, "rekey", "--new-key-file", keyFile);
  compose("up", "-d");
  await healthy("core");
  expect(JSON.parse(server("check", "--json"))).toEqual({ ok: true, faults: [] });
});

test("SERVERS 11: two people over IPv6 are two addresses for the gateway's limits", async () => {
  const { folder, certificate } = folderWithCertificate();
  // Addresses of this machine: one that the service is published on, and two people in networks of their own.
  const [published, one, two] = ["2001:db8:9::1", "2001:db8:1::1", "2001:db8:2::1"];
  for (const address of [published, one, two]) {
    execFileSync("ip", ["-6", "address", "replace", `${address}/128`, "dev", "lo"]);
  }
  Object.assign(settings, {
    QPQ_DOMAIN: "chat.test",
    QPQ_TLS_DIR: folder,
    QPQ_TLS_CERT: "/tls/cert.pem",
    QPQ_TLS_KEY: "/tls/key.pem",
    QPQ_LIMIT_FILES_PER_SECOND: "1",
  });
  compose("up", "-d");
  await healthy("gateway");
  const ask = (localAddress: string, host = published) =>
    new Promise<number>((resolve, reject) =>
      httpsGet({
        host,
        localAddress,
        servername: "chat.test",
        headers: { host: "chat.test" },
        ca: certificate,
        agent: false,
      }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode!));
      }).on("error", reject)
    );
  const many = async (address: string) => await Promise.all(Array.from({ length: 12 }, () => ask(address)));
  const first = await many(one);
  expect(first).toContain(200);
  expect(first).toContain(429);
  expect(await ask(two), "another person").toBe(200);
  rmSync(folder, { recursive: true });
});

test("SERVERS 11: behind a proxy on the same machine, which has the ports 80 and 443", async () => {
  compose("down", "-v", "--timeout", "15");
  resetSettings();
  const taken = [createServer().listen(80), createServer().listen(443)];
  const udp = createSocket("udp4").bind(443);
  // As docs/operate.md says.
  Object.assign(settings, {
    QPQ_PUBLIC_HOST: publicHost,
    QPQ_REDIRECT_PUBLISH: "127.0.0.1:8081",
    QPQ_HTTP_PUBLIC_PORT: "8443",
    QPQ_WT_PUBLIC_PORT: "8443",
    QPQ_WT_PORT: "443",
    QPQ_LIMIT_FILES_PER_SECOND: "1",
  });
  compose("up", "-d");
  const format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
  const gateways = docker("network", "inspect", "-f", format, "qpqtest_net").trim().split(" ");
  settings.QPQ_TRUST_PROXY = gateways.find((address) => address.includes("."))!;
  compose("up", "-d");
  await healthy("gateway");
  await using proxy = await startNginx(8080);
  const ask = (localAddress: string) =>
    new Promise<{ status?: number; policy: string }>((resolve, reject) =>
      httpsGet({
        host: "127.0.0.1",
        port: proxy.port,
        localAddress,
        servername: publicHost,
        headers: { host: publicHost },
        ca: proxy.caPem,
        agent: false,
      }, (response) => {
        response.resume();
        const policy = String(response.headers["content-security-policy"]);
        response.on("end", () => resolve({ status: response.statusCode, policy }));
      }).on("error", reject)
    );
  const first = await Promise.all(Array.from({ length: 12 }, () => ask("127.0.0.2")));
  expect(first.map(({ status }) => status)).toContain(429);
  const other = await ask("127.0.0.3");
  expect(other.status, "another person behind the proxy").toBe(200);
  expect(other.policy, "the page is told the port of WebTransport").toContain(`https://${publicHost}:8443`);
  // An answer of TLS: somebody speaks QUIC there.
  const code = `await Deno.connectQuic({ hostname: "127.0.0.1", port: 8443, serverName: ${JSON.stringify(publicHost)},
    alpnProtocols: ["h3"] })`;
  expect(failure(() => execFileSync(deno, ["eval", "--unstable-net", code], { stdio: "pipe", encoding: "utf8" })))
    .toMatch(/certificate|UnknownIssuer/i);
  for (const server of taken) server.close();
  udp.close();
});

/**
 * Tests of the gateway's limits in docs/limits.md that have no test beside their code: the answer, its
 * advised wait, the counter.
 */
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { makeKeyPair } from "./testing/stub_core.ts";
import { connectHttp3, openSession, readAll } from "./testing/http3_client.ts";
import { startTestGateway, type TestGateway } from "./testing/test_gateway.ts";
import { until } from "../schema/testing/until.ts";
import { callsAtOnce } from "./pace.ts";
import { sessionIdleCode } from "./sessions.ts";

function limitTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

async function target(test: TestGateway): Promise<{ port: number; certificate: string; origin: string }> {
  const [{ certificate }] = JSON.parse(
    await Deno.readTextFile(`${test.config.dataDir}/webtransport-certificates.json`),
  );
  return { port: test.gateway.webTransportPort, certificate, origin: test.origin };
}

/** A stopped clock: no rate is refilled, however long the calls of a test take. */
function stopped(): () => number {
  const nowMs = Date.now();
  return () => nowMs;
}

async function refusals(test: TestGateway, reason: string): Promise<number> {
  return Number(
    (await test.gateway.metrics.render()).match(
      new RegExp(`^qpq_gateway_refusals_total{reason="${reason}"} (\\d+)$`, "m"),
    )?.[1] ?? 0,
  );
}

async function post(test: TestGateway, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(`${test.origin}/rpc`, {
    method: "POST",
    body: "x",
    headers: { origin: test.origin, ...headers },
  });
  await response.body?.cancel();
  return response;
}

limitTest(
  "a connection above connectionsPerAddress is refused in its handshake, until another one ends",
  async () => {
    await using test = await startTestGateway({ limits: { connectionsPerAddress: 2 } });
    const to = await target(test);
    const open = [await openSession(to), await openSession(to)];
    await assert.rejects(connectHttp3(to), /aborted by peer/);
    assert.equal(await refusals(test, "connectionsPerAddress"), 1);
    open[0].conn.close();
    await until(() => test.gateway.metrics.get("qpq_gateway_sessions") === 1);
    assert.equal((await openSession(to)).status, 200);
  },
);

limitTest("connections above the total are refused in their handshake", async () => {
  await using test = await startTestGateway({ limits: { connections: 1 } });
  const to = await target(test);
  await openSession(to);
  await assert.rejects(connectHttp3(to), /during the handshake/);
  assert.equal(await refusals(test, "connections"), 1);
});

limitTest("a session above sessionsPerAddress is answered 429 with Retry-After", async () => {
  await using test = await startTestGateway({ limits: { sessionsPerAddress: 1 } });
  const to = await target(test);
  assert.equal((await openSession(to)).status, 200);
  const refused = await openSession(to);
  assert.deepEqual([refused.status, refused.fields.find(([name]) => name === "retry-after")?.[1]], [429, "10"]);
  assert.equal(await refusals(test, "sessionsPerAddress"), 1);
});

limitTest("a session without a call for idleMs is closed, one with a subscription is not", async () => {
  await using test = await startTestGateway({
    limits: { idleMs: 1_000 },
    core: {
      onCall: async ({ readable, writable }) => {
        await readAll(readable);
        const writer = writable.getWriter();
        while (true) {
          await writer.write(Uint8Array.of(1));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    },
  });
  await test.gateway.whenCoreReady();
  const to = await target(test);
  const [idle, busy] = [await openSession(to), await openSession(to)];
  const stream = await busy.openStream();
  await stream.writable.close();
  const reader = stream.readable.getReader();
  await reader.read();
  const capsule = await idle.nextData();
  assert.deepEqual([...capsule!.subarray(3, 7)], [0, 0, 0, sessionIdleCode]);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal(test.gateway.metrics.get("qpq_gateway_sessions"), 1);
  await reader.cancel();
  await until(() => test.gateway.metrics.get("qpq_gateway_sessions") === 0, "idle again, closed again");
  assert.equal(await refusals(test, "idleSession"), 2);
});

limitTest("/rpc above its rate is answered 429 with Retry-After, files have a rate of their own", async () => {
  await using test = await startTestGateway({ limits: { rpcPerSecond: 1, filesPerSecond: 1 }, now: stopped() });
  await test.gateway.whenCoreReady();
  for (let call = 0; call < 3; call++) assert.equal((await post(test)).status, 200);
  const refused = await post(test);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  const file = async () => {
    const response = await fetch(`${test.origin}/missing`);
    await response.body?.cancel();
    return response.status;
  };
  assert.deepEqual([await file(), await file(), await file(), await file()], [404, 404, 404, 429]);
  assert.deepEqual([await refusals(test, "rpcRate"), await refusals(test, "fileRate")], [1, 1]);
});

limitTest(
  "streams of an address above its calls a second wait their turn; those of another address do not",
  async () => {
    await using test = await startTestGateway({ limits: { callsPerSecond: 20 } });
    await test.gateway.whenCoreReady();
    const to = await target(test);
    const from = (hostname: string) => openSession({ ...to, endpoint: new Deno.QuicEndpoint({ hostname, port: 0 }) });
    const [busy, other] = [await from("127.0.0.2"), await from("127.0.0.3")];
    const call = async (session: typeof busy) => {
      const { readable, writable } = await session.openStream();
      await Promise.all([readAll(readable), writable.close()]);
    };
    const calls = Array.from({ length: callsAtOnce + 20 }, () => call(busy));
    const startedMs = performance.now();
    const last = Promise.all(calls).then(() => performance.now() - startedMs);
    const first = await Promise.race([last.then(() => "the flood"), call(other).then(() => "the other")]);
    assert.equal(first, "the other");
    assert.ok(await last > 900, `20 calls at 20 a second: ${await last} ms`);
    for (const { conn } of [busy, other]) conn.close();
  },
);

limitTest(
  "an address far above its rate gets its refusals delayed, and others are answered",
  async () => {
    await using test = await startTestGateway({
      limits: { filesPerSecond: 1 },
      config: { trustedProxies: ["127.0.0.1"] },
      now: stopped(),
    });
    const ask = async (address: string) => {
      const response = await fetch(`${test.origin}/missing`, { headers: { "x-forwarded-for": address } });
      await response.body?.cancel();
      return response.status;
    };
    const startedMs = performance.now();
    const flood = Promise.all(Array.from({ length: 43 }, () => ask("203.0.113.1"))).then((statuses) => ({
      statuses,
      tookMs: performance.now() - startedMs,
    }));
    assert.equal(await Promise.race([flood, ask("203.0.113.2")]), 404);
    const { statuses, tookMs } = await flood;
    assert.equal(statuses.filter((status) => status === 429).length, 40);
    assert.ok(tookMs > 900, `40 refusals at 20 a second, 20 of them at once: ${tookMs} ms`);
  },
);

limitTest("SERVERS 4: an address whose refusals are held loses the connections of further ones", async () => {
  const folder = await Deno.makeTempDir();
  const tls = { certificatePath: `${folder}/cert.pem`, privateKeyPath: `${folder}/key.pem` };
  const pair = await makeKeyPair();
  await Deno.writeTextFile(tls.certificatePath, pair.certificate);
  await Deno.writeTextFile(tls.privateKeyPath, pair.privateKey);
  for (const trustedProxies of [[], ["127.0.0.1"]]) {
    const config = { trustedProxies, tls, httpTls: true };
    await using test = await startTestGateway({ limits: { filesPerSecond: 1 }, config, now: stopped() });
    let answered = 0;
    const flood = () =>
      new Promise<string>((resolve) => {
        const session = connectHttp2(`https://127.0.0.1:${test.gateway.httpPort}`, { rejectUnauthorized: false });
        session.on("error", () => {}).on("close", () => resolve("closed"));
        for (let asked = 0; asked < 200; asked++) {
          const request = session.request({ ":path": "/missing", "x-forwarded-for": "203.0.113.1" });
          request.on("error", () => {}).on("response", () => {
            if (++answered === 400) resolve("answered");
          });
        }
      });
    const first = await Promise.race([flood(), flood()]);
    assert.equal(first, trustedProxies.length ? "answered" : "closed");
  }
  await Deno.remove(folder, { recursive: true });
});

limitTest("addresses behind a proxy count apart only when the proxy is trusted", async () => {
  for (const trustedProxies of [[], ["127.0.0.1"]]) {
    const limits = { rpcPerSecond: 1 };
    await using test = await startTestGateway({ limits, config: { trustedProxies }, now: stopped() });
    await test.gateway.whenCoreReady();
    const statuses: number[] = [];
    for (let call = 0; call < 4; call++) {
      statuses.push((await post(test, { "x-forwarded-for": `203.0.113.${call}` })).status);
    }
    assert.deepEqual(statuses, trustedProxies.length ? [200, 200, 200, 200] : [200, 200, 200, 429]);
  }
});

limitTest("/rpc above callsPerAddress is answered 429, while the core is away 503, both with Retry-After", async () => {
  await using test = await startTestGateway({
    limits: { callsPerAddress: 1 },
    core: { onCall: () => new Promise(() => {}) },
  });
  await test.gateway.whenCoreReady();
  const abort = new AbortController();
  const holding = fetch(`${test.origin}/rpc`, {
    method: "POST",
    body: "x",
    headers: { origin: test.origin },
    signal: abort.signal,
  });
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 1);
  const busy = await post(test);
  assert.deepEqual([busy.status, busy.headers.get("retry-after")], [429, "1"]);
  abort.abort();
  await holding.then((response) => response.body?.cancel(), () => {}).catch(() => {});
  test.core.close();
  await until(() => test.gateway.readyConnections === 0 && test.gateway.metrics.get("qpq_gateway_calls") === 0);
  const away = await post(test);
  assert.deepEqual([away.status, away.headers.get("retry-after")], [503, "2"]);
  assert.deepEqual([await refusals(test, "callsPerAddress"), await refusals(test, "coreAway")], [1, 1]);
});

limitTest("metrics are served on a port of their own, with the certificate's age, and name no address", async () => {
  await using test = await startTestGateway({ config: { metrics: { bind: "127.0.0.1", port: 0 } } });
  await test.gateway.whenCoreReady();
  await openSession(await target(test));
  await post(test);
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
  const response = await fetch(`http://127.0.0.1:${test.gateway.metricsPort}/metrics`);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (
    const [name, value] of [
      ["qpq_gateway_sessions", "1"],
      ["qpq_gateway_calls_total", "1"],
      ["qpq_gateway_bytes_to_core_total", "1"],
      ["qpq_gateway_upstream_connections", "\\d"],
      ["qpq_gateway_call_seconds_count", "1"],
    ]
  ) {
    assert.match(text, new RegExp(`^${name} ${value}$`, "m"));
  }
  const age = Number(text.match(/^qpq_gateway_certificate_age_seconds (\S+)$/m)?.[1]);
  assert.ok(age > 86_000 && age < 90_000, `${age} s`);
  assert.ok(Number(text.match(/^qpq_gateway_certificate_expires_seconds (\S+)$/m)?.[1]) > 11 * 86_400);
  assert.doesNotMatch(text, /127\.0\.0\.1|localhost/);
  const pages = await Promise.all(["/metrics"].map((path) => fetch(test.origin + path)));
  assert.deepEqual(pages.map(({ status }) => status), [404]);
  await pages[0].body?.cancel();
  for (const { level, fields } of test.events) {
    if (level !== "debug") assert.doesNotMatch(JSON.stringify(fields ?? {}), /127\.0\.0\.1/);
  }
});

limitTest("PEOPLE B4: a small datagram comes back, one in 100 ms, and a large one does not", async () => {
  await using test = await startTestGateway();
  const session = await openSession(await target(test));
  const back: number[] = [];
  void (async () => {
    while (true) back.push((await session.conn.readDatagram()).length);
  })().catch(() => {});
  await session.conn.sendDatagram(new Uint8Array(17));
  await session.conn.sendDatagram(Uint8Array.of(0, 7));
  await until(() => back.length > 0);
  const startMs = performance.now();
  for (let sent = 0; sent < 50; sent++) await session.conn.sendDatagram(new Uint8Array(3));
  const again = setInterval(() => session.conn.sendDatagram(new Uint8Array(4)).catch(() => {}), 150);
  await until(() => back.includes(4));
  clearInterval(again);
  assert.equal(back[0], 2, "the large one was thrown away");
  assert.ok(back.length <= 2 + (performance.now() - startMs) / 100, `${back.length} came back`);
  session.conn.close();
});

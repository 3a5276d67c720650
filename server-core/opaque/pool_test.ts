import assert from "node:assert/strict";
import { MalformedError } from "../../schema/malformed_error.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { OpaquePool } from "./pool.ts";
import { generateOpaqueServerKeys } from "./server_keys.ts";
import { messageBytes } from "./message_bytes.ts";
import { argon2idHarden, noHarden, startLogin, startRegistration } from "./testing/opaque_client.ts";

async function withPool(
  test: (pool: OpaquePool) => Promise<void>,
  options: { workers?: number; maxWaiting?: number } = {},
): Promise<void> {
  const pool = new OpaquePool({ keys: await generateOpaqueServerKeys(), workers: 1, ...options });
  try {
    await test(pool);
  } finally {
    pool.close();
  }
}

async function register(pool: OpaquePool, username: string, password: string, harden = noHarden) {
  const { request, finish } = await startRegistration(password, username, harden);
  const { response } = await pool.run("respondToRegistration", { username, request }, "192.0.2.1");
  const { record, exportKey } = await finish(response);
  return { request, response, record, exportKey };
}

Deno.test("OPAQUE with Argon2id agrees on session and export key with messages of one length", async () => {
  await withPool(async (pool) => {
    const registered = await register(pool, "alice", "correct horse battery", argon2idHarden);
    assert.equal(registered.request.length, messageBytes.registrationRequest);
    assert.equal(registered.response.length, messageBytes.registrationResponse);
    assert.equal(registered.record.length, messageBytes.registrationRecord);
    await pool.run("checkRecord", { record: registered.record }, "192.0.2.1");
    const { ke1, finish } = await startLogin("correct horse battery", "alice", argon2idHarden);
    const { ke2, expectedKe3, sessionKey } = await pool.run("respondToLogin", {
      username: "alice",
      ke1,
      record: registered.record,
    }, "192.0.2.1");
    assert.deepEqual([ke1.length, ke2.length, expectedKe3.length], [
      messageBytes.ke1,
      messageBytes.ke2,
      messageBytes.ke3,
    ]);
    const out = await finish(ke2);
    assert.ok(!(out instanceof Error));
    assert.deepEqual(out.ke3, expectedKe3);
    assert.deepEqual(out.sessionKey, sessionKey);
    assert.deepEqual(out.exportKey, registered.exportKey);
  });
});

Deno.test("OPAQUE fails on the client for a wrong password, user, context or stretching", async () => {
  await withPool(async (pool) => {
    const { record } = await register(pool, "alice", "right");
    const attempt = async (password: string, known: boolean, harden = noHarden, context?: string) => {
      const { ke1, finish } = await startLogin(password, "alice", harden, context);
      const { ke2 } = await pool.run(
        "respondToLogin",
        { username: "alice", ke1, record: known ? record : undefined },
        "192.0.2.1",
      );
      assert.equal(ke2.length, messageBytes.ke2);
      return await finish(ke2);
    };
    assert.ok(!(await attempt("right", true) instanceof Error));
    assert.ok(await attempt("wrong", true) instanceof Error);
    assert.ok(await attempt("right", false) instanceof Error);
    assert.ok(await attempt("right", true, noHarden, "qpq-opaque-2") instanceof Error);
    assert.ok(await attempt("right", true, (y) => Promise.resolve(y.map((byte) => byte ^ 1))) instanceof Error);
  });
});

Deno.test("OpaquePool.run() throws MalformedError for messages of a wrong length or off the curve", async () => {
  await withPool(async (pool) => {
    const { request, record } = await register(pool, "alice", "right");
    const { ke1 } = await startLogin("right", "alice");
    const offCurve = (bytes: Uint8Array<ArrayBuffer>, at: number) => {
      const bad = bytes.slice();
      bad.fill(0, at, at + 33);
      return bad;
    };
    const longer = (bytes: Uint8Array) => new Uint8Array([...bytes, 0]);
    for (const bad of [offCurve(request, 0), longer(request), request.slice(1)]) {
      await assert.rejects(
        pool.run("respondToRegistration", { username: "alice", request: bad }, "192.0.2.1"),
        MalformedError,
      );
    }
    for (const bad of [offCurve(record, 0), longer(record), record.slice(1)]) {
      await assert.rejects(pool.run("checkRecord", { record: bad }, "192.0.2.1"), MalformedError);
    }
    for (const bad of [offCurve(ke1, 0), offCurve(ke1, 65), longer(ke1), ke1.slice(1)]) {
      await assert.rejects(
        pool.run("respondToLogin", { username: "alice", ke1: bad, record }, "192.0.2.1"),
        MalformedError,
      );
    }
    await pool.run("respondToLogin", { username: "alice", ke1, record }, "192.0.2.1");
  });
});

Deno.test("OpaquePool.run() refuses with E005 and retryAfterMs when too much is waiting", async () => {
  await withPool(async (pool) => {
    const { request } = await startRegistration("right", "alice");
    const started = [0, 1, 2].map(() => pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1"));
    const refused = await pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1").catch((
      error,
    ) => error);
    assert.ok(isWireError(refused, ErrorCode.rateLimited));
    assert.ok(refused.retryAfterMs > 0);
    await Promise.all(started);
  }, { maxWaiting: 2 });
});

Deno.test("SERVERS 10: OpaquePool.run() serves an honest address behind one job of a flooding one", async () => {
  await withPool(async (pool) => {
    const { request } = await startRegistration("right", "alice");
    const served: string[] = [];
    const ask = (from: string) =>
      pool.run("respondToRegistration", { username: "alice", request }, from).then(
        () => served.push(from),
        (error) => assert.ok(isWireError(error, ErrorCode.rateLimited)),
      );
    // One runs, four wait, and the others are refused.
    const flood = Array.from({ length: 40 }, () => ask("192.0.2.1"));
    await ask("192.0.2.2");
    assert.ok(served.includes("192.0.2.2"), "it is not refused");
    assert.ok(served.length <= 3, `served: ${served}`);
    await Promise.all(flood);
    assert.deepEqual(served.filter((from) => from === "192.0.2.1").length, 4, "its newest gave way");
  }, { maxWaiting: 4 });
});

Deno.test("OpaquePool leaves the event loop free while its threads work", async () => {
  await withPool(async (pool) => {
    const { request } = await startRegistration("right", "alice");
    await pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1");
    let ticks = 0;
    const timer = setInterval(() => ticks++, 2);
    await Promise.all(
      Array.from({ length: 4 }, () => pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1")),
    );
    clearInterval(timer);
    assert.ok(ticks >= 3, `${ticks} ticks`);
  });
});

Deno.test("OpaquePool shares the work among its threads, and rejects what is open when it is closed", async () => {
  const pool = new OpaquePool({ keys: await generateOpaqueServerKeys(), workers: 2 });
  const { request } = await startRegistration("right", "alice");
  const ask = () => pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1");
  assert.equal(
    new Set((await Promise.all([ask(), ask(), ask(), ask()])).map(({ response }) => response.join())).size,
    1,
  );
  assert.equal(pool.finished.respondToRegistration, 4);
  const open = [ask(), ask(), ask()].map((asked) => asked.then(() => "answered", (error) => error.message));
  pool.close();
  assert.deepEqual(
    await Promise.all([...open, ask().catch((error) => error.message)]),
    Array.from({ length: 4 }, () => "the OPAQUE pool is closed"),
  );
});

Deno.test("OpaquePool rejects the jobs of a thread that fails, one start for each", async () => {
  const keys = await generateOpaqueServerKeys();
  const pool = new OpaquePool({ keys: { ...keys, oprfSeed: keys.oprfSeed.slice(1) }, workers: 1 });
  const { request } = await startRegistration("right", "alice");
  const failed = await Promise.all(
    [0, 1].map(() =>
      pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1").catch((error) => error.message)
    ),
  );
  for (const message of failed) assert.match(message, /^an OPAQUE thread failed/);
  pool.close();
});

Deno.test({
  name: "SERVERS 10: the threads of OpaquePool come behind all others for the processor",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withPool(async (pool) => {
      const { request } = await startRegistration("right", "alice");
      await pool.run("respondToRegistration", { username: "alice", request }, "192.0.2.1");
      const nicenessOf = (thread: string) => {
        // The name of a thread, which stands in brackets, may have spaces.
        const stat = Deno.readTextFileSync(`/proc/self/task/${thread}/stat`);
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
      };
      const threads = Array.from(Deno.readDirSync("/proc/self/task"), ({ name }) => name);
      assert.ok(threads.some((thread) => nicenessOf(thread) === 10), "a thread of the pool");
      assert.equal(nicenessOf(`${Deno.pid}`), 0, "the main thread");
    }),
});

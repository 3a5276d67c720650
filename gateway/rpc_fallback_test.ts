/** Calls over `POST /rpc`. */
import assert from "node:assert/strict";
import { readAll } from "./testing/http3_client.ts";
import { callRefusal } from "./call_refusal.ts";
import { until } from "../schema/testing/until.ts";
import { httpTest } from "./testing/http.ts";

httpTest("/rpc carries a call and its answer, with the caller's address", async (test) => {
  await test.gateway.whenCoreReady();
  const call = crypto.getRandomValues(new Uint8Array(50_000));
  const response = await fetch(`${test.origin}/rpc`, { method: "POST", body: call, headers: { origin: test.origin } });
  assert.deepEqual([response.status, response.headers.get("content-type"), response.headers.get("cache-control")], [
    200,
    "application/octet-stream",
    "no-store, no-transform",
  ]);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), call);
});

httpTest("/rpc refuses pages of others, other methods, and calls above the limit", async (test) => {
  await test.gateway.whenCoreReady();
  const post = async (init: RequestInit) => {
    const response = await fetch(`${test.origin}/rpc`, { method: "POST", ...init });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await post({ body: "x" }), 403);
  assert.equal(await post({ body: "x", headers: { origin: "https://evil.example" } }), 403);
  assert.equal(await post({ method: "GET", headers: { origin: test.origin } }), 405);
  assert.equal(await post({ body: new Uint8Array(1_001), headers: { origin: test.origin } }), 413);
  // Without a length, the limit takes effect during the transfer: the answer is E011, or is cut off if it has
  // begun.
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(500)) });
  const answer = await fetch(`${test.origin}/rpc`, { method: "POST", body: endless, headers: { origin: test.origin } })
    .then((response) => response.arrayBuffer()).catch(() => undefined);
  if (answer) assert.deepEqual(new Uint8Array(answer), callRefusal.tooLarge);
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
}, { limits: { bytesPerCall: 1_000 } });

httpTest(
  "SERVERS 11: a 403 says in its body and the log which origins may call, and which settings change that",
  async (test) => {
    const evil = `https://${"evil".repeat(50)}.example`;
    for (const headers of [{ origin: evil }, {}] as HeadersInit[]) {
      const response = await fetch(`${test.origin}/rpc`, { method: "POST", body: "x", headers });
      const text = await response.text();
      assert.equal(response.status, 403);
      assert.match(
        text,
        new RegExp(`^only pages of this gateway may call: https://chat\\.example .*${test.origin} .*…`),
      );
      assert.match(text, /\n.*QPQ_PUBLIC_HOST .*; QPQ_ORIGINS /);
      assert.ok(text.length < 600 && !text.includes("evil"), text);
    }
    const told = test.events.filter(({ event }) => event === "foreign-origin");
    assert.equal(told.length, 1, "one line in a minute, whoever asks");
    assert.equal(told[0].level, "warn");
    assert.match(JSON.stringify(told[0].fields), /https:\/\/chat\.example.*QPQ_PUBLIC_HOST/);
    for (const { level, fields } of test.events) {
      if (level !== "debug") assert.doesNotMatch(JSON.stringify(fields ?? {}), /evil/);
      else assert.ok(JSON.stringify(fields ?? {}).length < 400);
    }
  },
  {
    config: {
      publicHost: "chat.example",
      origins: Array.from({ length: 30 }, (_, index) => `https://${index}.example`),
    },
  },
);

httpTest("SERVERS 11: /rpc tells nginx not to collect an answer", async (test) => {
  await test.gateway.whenCoreReady();
  const response = await fetch(`${test.origin}/rpc`, { method: "POST", body: "x", headers: { origin: test.origin } });
  await response.body?.cancel();
  assert.equal(response.headers.get("x-accel-buffering"), "no");
});

const subscriptions = { ended: 0 };
httpTest(
  "/rpc streams a long answer piece by piece without a time limit, and a caller that leaves ends the call at the core",
  async (test) => {
    await test.gateway.whenCoreReady();
    const abort = new AbortController();
    const response = await fetch(`${test.origin}/rpc`, {
      method: "POST",
      body: "subscribe",
      headers: { origin: test.origin },
      signal: abort.signal,
    });
    const reader = response.body!.getReader();
    for (let piece = 0; piece < 5; piece++) assert.deepEqual((await reader.read()).value, Uint8Array.of(piece));
    assert.equal(test.gateway.metrics.get("qpq_gateway_calls"), 1);
    abort.abort();
    await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0, "the gateway sees the caller leave");
    await until(() => subscriptions.ended === 1, "the core sees the caller leave");
  },
  {
    limits: { halfOpenMs: 100 },
    core: {
      onCall: async ({ readable, writable }) => {
        await readAll(readable);
        const writer = writable.getWriter();
        try {
          for (let piece = 0; piece < 1_000; piece++) {
            await writer.write(Uint8Array.of(piece));
            await new Promise((resolve) => setTimeout(resolve, 120));
          }
        } catch {
          subscriptions.ended++;
        }
      },
    },
  },
);

httpTest("/rpc notices a caller that leaves while nothing is being sent", async (test) => {
  await test.gateway.whenCoreReady();
  const abort = new AbortController();
  const response = await fetch(`${test.origin}/rpc`, {
    method: "POST",
    body: "subscribe",
    headers: { origin: test.origin },
    signal: abort.signal,
  });
  assert.deepEqual((await response.body!.getReader().read()).value, Uint8Array.of(1));
  abort.abort();
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
}, {
  core: {
    onCall: async ({ readable, writable }) => {
      await readAll(readable);
      await writable.getWriter().write(Uint8Array.of(1));
      await new Promise(() => {});
    },
  },
});

httpTest("/rpc answers 503 while the core is away", async (test) => {
  await test.gateway.whenCoreReady();
  test.core.close();
  await until(() => test.gateway.readyConnections === 0);
  const response = await fetch(`${test.origin}/rpc`, { method: "POST", body: "x", headers: { origin: test.origin } });
  assert.equal(response.status, 503);
  await response.body?.cancel();
});

import assert from "node:assert/strict";
import { encodeError, encodeResults } from "../../schema/rpc/calls_and_returns.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { WireError } from "../../schema/rpc/errors.ts";
import type { ConnectionState } from "../api/engine_api.ts";
import type { Connection, Transport } from "./transport.ts";
import { backoffMs, commitRetryMs, drainedMs, longestDelayMs, longestReconnectMs } from "../runtime/backoff.ts";
import type { Environment } from "../runtime/environment.ts";
import { ConnectionManager, type SessionEnd, wakeProbeMs } from "./connection_manager.ts";
import { listen, silenceMs } from "./subscription.ts";

/** A clock that only the test moves. */
class Clockwork implements Environment {
  nowMs = 0;
  readonly #timers = new Set<{ atMs: number; run: () => void }>();
  readonly delays: number[] = [];

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.#timers.add(timer);
    this.delays.push(delayMs);
    return () => this.#timers.delete(timer);
  }

  random(): number {
    return 1 - Number.EPSILON;
  }

  now(): number {
    return this.nowMs;
  }

  /** Runs what is due within the next `spanMs`. */
  async pass(spanMs: number): Promise<void> {
    this.nowMs += spanMs;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.nowMs)) {
      this.#timers.delete(timer);
      timer.run();
    }
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
}

function fakeConnection(): Connection & { lose(): void } {
  let lose = () => {};
  const closed = new Promise<{ reason: string }>((resolve) => {
    lose = () => resolve({ reason: "lost" });
  });
  return {
    transport: "WebTransport",
    closed,
    close: () => lose(),
    lose,
    openStream: () => Promise.reject(new Error("no streams here")),
  };
}

/** A connection manager whose session loops the test ends. */
function linked(connects: () => Promise<Connection>) {
  const clockwork = new Clockwork();
  const states: string[] = [];
  const ends: ((end: SessionEnd) => void)[] = [];
  const transport: Transport = { connect: () => connects() };
  const manager = new ConnectionManager({
    transport,
    environment: clockwork,
    onState: ({ kind }: ConnectionState) => states.push(kind),
  });
  const start = () =>
    manager.start((signal, progressed) =>
      new Promise((resolve) => {
        manager.confirm();
        progressed();
        ends.push(resolve);
        signal.addEventListener("abort", () => resolve("lost"));
      })
    );
  return { clockwork, states, ends, manager, start };
}

Deno.test("ConnectionManager backs off while nothing answers, and wake() tries at once", async () => {
  let tries = 0;
  const { clockwork, states, manager, start } = linked(() => {
    tries++;
    return Promise.reject(new Error("no route"));
  });
  start();
  await settle();
  const waits: number[] = [];
  for (let round = 0; round < 10; round++) {
    waits.push(clockwork.delays.at(-1)!);
    await clockwork.pass(clockwork.delays.at(-1)!);
  }
  assert.deepEqual(waits, [100, 200, 400, 750, 750, 750, 750, 750, 750, 750]);
  const before = tries;
  manager.wake();
  await settle();
  assert.equal(tries, before + 1);
  assert.deepEqual(states, ["connecting"]);
  await manager.close();
});

Deno.test("ConnectionManager reconnects soon after a drain, and resets its delays when connected", async () => {
  const { clockwork, states, ends, manager, start } = linked(() => Promise.resolve(fakeConnection()));
  start();
  await settle();
  ends[0]("drained");
  await settle();
  assert.equal(clockwork.delays.at(-1), drainedMs(clockwork.random()));
  await clockwork.pass(500);
  ends[1]("lost");
  await settle();
  assert.equal(clockwork.delays.at(-1), 100);
  await clockwork.pass(100);
  ends[2]("ended");
  await settle();
  assert.deepEqual(states, [
    "connecting",
    "connected",
    "connecting",
    "connected",
    "connecting",
    "connected",
    "offline",
  ]);
  await manager.close();
});

/** A connection that stops answering, and does not report its end. */
function silentConnection() {
  const { connection, calls } = { connection: fakeConnection(), calls: [] as string[] };
  let closed = false;
  return Object.assign(connection, {
    calls,
    isClosed: () => closed,
    close: () => {
      closed = true;
      connection.lose();
    },
    openStream: () => {
      calls.push("stream");
      return Promise.resolve({
        readable: new ReadableStream<Uint8Array>(),
        writable: new WritableStream<Uint8Array>(),
      });
    },
  });
}

Deno.test("wake() drops a connection that does not answer within half a second, and reconnects", async () => {
  const made: ReturnType<typeof silentConnection>[] = [];
  const { clockwork, ends, manager, start } = linked(() => {
    made.push(silentConnection());
    return Promise.resolve(made.at(-1)!);
  });
  start();
  await settle();
  manager.wake();
  manager.wake();
  await settle();
  assert.deepEqual([made[0].calls, made[0].isClosed()], [["stream"], false], "asked once, however often it wakes");
  await clockwork.pass(wakeProbeMs);
  assert.equal(made[0].isClosed(), true);
  // As a subscription on that connection does, it ends.
  ends[0]("lost");
  await settle();
  await clockwork.pass(100);
  assert.deepEqual([made.length, manager.connected], [2, true]);
  await manager.close();
});

Deno.test("wake() leaves a connection that answers as it is", async () => {
  let tries = 0;
  const { clockwork, manager, start } = linked(() => {
    tries++;
    const answer = encodeResults(delivery.health, {
      serverTimeMs: 1,
      wireVersion: 1,
      draining: false,
      build: "test",
      restoredMs: 0,
      restoredToMs: 0,
    });
    const openStream = () =>
      Promise.resolve({
        readable: new Blob([answer]).stream() as ReadableStream<Uint8Array>,
        writable: new WritableStream<Uint8Array>(),
      });
    return Promise.resolve({ ...fakeConnection(), openStream });
  });
  start();
  await settle();
  manager.wake();
  await settle();
  await clockwork.pass(wakeProbeMs);
  await clockwork.pass(wakeProbeMs);
  assert.deepEqual([tries, manager.connected], [1, true]);
  await manager.close();
});

Deno.test("while attempts to connect hang, a new one begins at least every 0.75 s", async () => {
  const begun: number[] = [];
  const { clockwork, manager, start } = linked(() => {
    begun.push(clockwork.nowMs);
    return clockwork.nowMs >= 5_000 ? Promise.resolve(fakeConnection()) : new Promise(() => {});
  });
  start();
  await settle();
  for (let spent = 0; spent < 5_600; spent += 50) await clockwork.pass(50);
  assert.ok(begun.every((atMs, index) => index === 0 || atMs - begun[index - 1] <= longestReconnectMs), String(begun));
  assert.ok(begun.length >= 7 && manager.connected, String(begun));
  await manager.close();
});

Deno.test("wake() begins an attempt at once while others hang, and keeps to the usual pauses after it", async () => {
  const begun: number[] = [];
  const { clockwork, manager, start } = linked(() => {
    begun.push(clockwork.nowMs);
    return begun.length === 3 ? Promise.resolve(fakeConnection()) : new Promise(() => {});
  });
  start();
  await settle();
  await clockwork.pass(200);
  manager.wake();
  await settle();
  await clockwork.pass(longestReconnectMs - 1);
  assert.deepEqual(begun, [0, 200]);
  await clockwork.pass(1);
  assert.deepEqual([begun, manager.connected], [[0, 200, 200 + longestReconnectMs], true]);
  manager.wake();
  await settle();
  assert.equal(begun.length, 3);
  await manager.close();
});

Deno.test("openStream() rejects while the connection is away", async () => {
  const connection = fakeConnection();
  const { manager, start } = linked(() => Promise.resolve(connection));
  start();
  await settle();
  assert.equal(manager.connected, true);
  connection.lose();
  await settle();
  assert.equal(manager.connected, false);
  await assert.rejects(manager.openStream(), /no connection/);
  await manager.close();
});

Deno.test("openStream() after close() rejects and does not connect", async () => {
  let connects = 0;
  const { manager, start } = linked(() => {
    connects++;
    return Promise.resolve(fakeConnection());
  });
  start();
  await settle();
  await manager.close();
  await assert.rejects(manager.openStream(), /was closed/);
  assert.equal(connects, 1);
});

Deno.test("backoffMs() stays between half and all of the doubled delay, up to 15 s", () => {
  assert.deepEqual([backoffMs(1, 0), backoffMs(1, 1)], [50, 100]);
  assert.deepEqual([backoffMs(40, 0), backoffMs(40, 1)], [longestDelayMs / 2, longestDelayMs]);
  assert.ok(commitRetryMs(1, 0.99) <= 100 && commitRetryMs(30, 0.99) <= 5000);
});

/** A server whose answers to `subscribe` the test writes. */
function subscribed(environment: Environment, received: number[] = []) {
  let answer!: ReadableStreamDefaultController<Uint8Array>;
  const marks: string[] = [];
  const rpc = new RpcClient(() =>
    Promise.resolve({
      readable: new ReadableStream<Uint8Array>({
        start: (controller) => {
          answer = controller;
        },
      }),
      writable: new WritableStream(),
    })
  );
  const end = listen({
    rpc,
    environment,
    recipientKey: new Uint8Array(32),
    cursor: () => 0,
    receive: (entries) => {
      received.push(...entries.map(({ seq }) => seq));
      return Promise.resolve();
    },
    opening: () => Promise.resolve({ run: new Uint8Array(16), mark: new Uint8Array(16), before: [] }),
    copied: () => Promise.resolve(),
    restart: () => Promise.resolve(),
    caughtUp: () => marks.push("caught up"),
    answered: () => void marks.push("answered"),
    failed: () => marks.push("failed"),
  }, new AbortController().signal);
  return { end, marks, answer: (bytes: Uint8Array) => answer.enqueue(bytes) };
}

const element = (...seqs: number[]) =>
  encodeResults(delivery.subscribeAs, {
    entries: seqs.map((seq) => ({
      seq,
      kind: 0,
      channelId: new Uint8Array(32),
      epoch: 1,
      id: new Uint8Array(16),
      header: new Uint8Array(),
      body: new Uint8Array(1),
      bodyLength: 1,
      receivedMs: 1,
    })),
  });

Deno.test("listen() passes entries on, reports the end of the backlog, and ends after 45 s of silence", async () => {
  const clockwork = new Clockwork();
  const received: number[] = [];
  const { end, marks, answer } = subscribed(clockwork, received);
  await settle();
  answer(element(1, 2));
  answer(element());
  await settle();
  await clockwork.pass(silenceMs - 1);
  answer(element());
  await settle();
  await clockwork.pass(silenceMs - 1);
  assert.deepEqual([received, marks], [[1, 2], ["answered", "caught up"]]);
  await clockwork.pass(1);
  assert.equal(await end, "lost");
});

Deno.test("listen() tells a draining server from a session that is over", async () => {
  for (const [code, expected] of [[40, "drained"], [2, "ended"], [1, "ended"], [50, "lost"]] as const) {
    const { end, answer } = subscribed(new Clockwork());
    await settle();
    answer(encodeError(new WireError(code, "over")));
    assert.equal(await end, expected);
  }
});

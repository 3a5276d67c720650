/**
 * A flood from one address beside people with normal traffic: real core and gateway processes under their
 * permissions, with client addresses of the loopback.
 */
import assert from "node:assert/strict";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { freeTcpPort, freeUdpPort } from "../server-common/testing/free_ports.ts";
import { seedDevices, type TestDevice } from "../server-core/testing/seed.ts";
import { openSession } from "./testing/http3_client.ts";
import { startFlood } from "./testing/flood.ts";

/**
 * Quiet and flooded times take turns: what else the machine does falls on both. No time is judged by itself,
 * because it says as much of the machine's load (`npm run bench` measures times). Flooded times are held
 * against those before, and the servers' processor time for a call of the flood against that for a call of a
 * person.
 */
const rounds = 6;
const phaseMs = 500;
const people = 2;
/** What a person's page does: all people together stay below what one address may. */
const callEveryMs = 120;
/** Calls of an address, and requests, a second; low, so that a flood on a busy machine could go beyond them, too. */
const perSecond = 20;
/** Calls and requests at once: 8, and those of three seconds. */
const atOnce = 8 + 3 * perSecond;
/** A call of the flood costs its share of the refusals. It may cost at most this many calls of a person. */
const mostPerCall = 2;
/** People's calls in a flooded time take no more than so many times as long as before. */
const mostSlower = 3;

/** A person with an own address who makes calls that read the database, on an own timer. */
class Person {
  calls = 0;
  readonly #client: RpcClient;
  readonly #device: TestDevice;

  constructor(client: RpcClient, device: TestDevice) {
    this.#client = client;
    this.#device = device;
  }

  async live(untilMs: number): Promise<void> {
    const fetchOwn = { recipientKey: this.#device.recipientKey, channelId: new Uint8Array(), after: 0, limit: 10 };
    for (let dueMs = performance.now() + Math.random() * callEveryMs; dueMs < untilMs; dueMs += callEveryMs) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      await this.#client.call(delivery.fetch, fetchOwn);
      this.calls++;
    }
  }
}

/** The processor time of a process until now, in ticks of 10 ms (Linux). */
function ticksOf(pid: number): number {
  const [user, system] = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ").slice(11, 13);
  return Number(user) + Number(system);
}

Deno.test({
  name: "a flood from one address gets its rate and no more of the servers' time; others are answered",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const dataDir = await Deno.makeTempDir({ prefix: "qpq-flood-" });
    await Deno.mkdir(`${dataDir}/core`);
    const devices = seedDevices(`${dataDir}/core`, people);
    const core = await startCore(dataDir, { QPQ_LISTEN: "127.0.0.1:0" }, {});
    const gateway = await startGateway(dataDir, core.ready.addr, {
      QPQ_HTTP_PORT: String(await freeTcpPort()),
      QPQ_WT_PORT: String(await freeUdpPort()),
      QPQ_LIMIT_CALLS_PER_SECOND: String(perSecond),
      QPQ_LIMIT_RPC_PER_SECOND: String(perSecond),
    }, {});
    try {
      const [{ certificate }] = JSON.parse(
        await Deno.readTextFile(`${dataDir}/gateway/webtransport-certificates.json`),
      );
      const [httpPort, webTransportPort] = [Number(gateway.ready.http), Number(gateway.ready.webtransport)];
      const persons = await Promise.all(devices.map(async (device, index) => {
        const endpoint = new Deno.QuicEndpoint({ hostname: `127.0.1.${index + 1}`, port: 0 });
        const session = await openSession({
          port: webTransportPort,
          certificate,
          origin: `http://127.0.0.1:${httpPort}`,
          endpoint,
        });
        return new Person(new RpcClient(() => session.openStream(), () => device.auth), device);
      }));
      const calls = () => persons.reduce((sum, person) => sum + person.calls, 0);
      const ticks = () => ticksOf(core.process.pid!) + ticksOf(gateway.process.pid!);
      const live = async () => {
        const before = { calls: calls(), ticks: ticks(), ms: performance.now() };
        await Promise.all(persons.map((person) => person.live(performance.now() + phaseMs)));
        const made = calls() - before.calls;
        return { calls: made, ticks: ticks() - before.ticks, msPerCall: (performance.now() - before.ms) / made };
      };
      const flood = await startFlood({ from: "127.0.2.1", httpPort, webTransportPort, certificate });
      // After a flood its calls may still be under way: times are held against those of before the first.
      const msBefore: number[] = [];
      for (let round = 0; round < rounds; round++) msBefore.push((await live()).msPerCall);
      const spent = { quiet: { calls: 0, ticks: 0 }, flooded: { calls: 0, ticks: 0 } };
      const msFlooded: number[] = [];
      const startMs = performance.now();
      for (let round = 0; round < rounds; round++) {
        for (const phase of ["quiet", "flooded"] as const) {
          if (phase === "flooded") await flood.toggle();
          const { calls, ticks, msPerCall } = await live();
          spent[phase].calls += calls;
          spent[phase].ticks += ticks;
          if (phase === "quiet") continue;
          msFlooded.push(msPerCall);
          await flood.toggle();
          // Running calls end.
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
      }
      const spanMs = performance.now() - startMs;
      const counts = await flood.end();
      const { quiet, flooded } = spent;
      const perCall = quiet.ticks / quiet.calls;
      const perFloodCall = (flooded.ticks - perCall * flooded.calls) / counts.answered;
      const allowed = 2 * perSecond * spanMs / 1000 + atOnce;
      const slower = median(msFlooded) / median(msBefore);
      const said = JSON.stringify({ spent, perCall, perFloodCall, slower, spanMs, allowed, counts });
      console.log(said);
      // The flood got its allowed rate and no more: its calls and its requests have a rate each.
      assert.ok(counts.answered > 50, said);
      assert.ok(counts.answered <= 1.1 * allowed, said);
      assert.ok(perFloodCall <= mostPerCall * perCall, said);
      assert.ok(slower <= mostSlower, said);
    } finally {
      await stopService(gateway);
      await stopService(core);
      await Deno.remove(dataDir, { recursive: true });
    }
  },
});

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

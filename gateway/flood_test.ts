/**
 * A flood from one address beside people with normal traffic: real core and gateway processes under their
 * permissions, with client addresses of the loopback.
 */
import assert from "node:assert/strict";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { seedDevices, type TestDevice } from "../server-core/testing/seed.ts";
import { openSession } from "./testing/http3_client.ts";
import { startFlood } from "./testing/flood.ts";

/**
 * Quiet and flooded rounds alternate, so that other load of the machine hits both. The duration of calls is
 * not judged, because it depends on that load (`npm run bench` measures it). Instead the servers' processor
 * time for a call of the flood is compared with that for a call of a person.
 */
const rounds = 6;
const phaseMs = 500;
const people = 3;
/** How often a person's page makes a call, below every limit. */
const callEveryMs = 60;
/**
 * Calls and requests of an address in a second. It is low, so that a flood exceeds it even on a busy machine.
 */
const perSecond = 20;
/** Calls and requests at once: 8, and those of three seconds. */
const atOnce = 8 + 3 * perSecond;
/** A call of the flood costs its share of the refusals. It may cost at most this many calls of a person. */
const mostPerCall = 2;

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
      QPQ_HTTP_PORT: String(freeTcpPort()),
      QPQ_WT_PORT: String(freeUdpPort()),
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
        const before = { calls: calls(), ticks: ticks() };
        await Promise.all(persons.map((person) => person.live(performance.now() + phaseMs)));
        return { calls: calls() - before.calls, ticks: ticks() - before.ticks };
      };
      const flood = await startFlood({ from: "127.0.2.1", httpPort, webTransportPort, certificate });
      await live();
      const spent = { quiet: { calls: 0, ticks: 0 }, flooded: { calls: 0, ticks: 0 } };
      const startMs = performance.now();
      for (let round = 0; round < rounds; round++) {
        for (const phase of ["quiet", "flooded"] as const) {
          if (phase === "flooded") await flood.toggle();
          const { calls, ticks } = await live();
          spent[phase].calls += calls;
          spent[phase].ticks += ticks;
          if (phase === "quiet") continue;
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
      const said = JSON.stringify({ spent, perCall, perFloodCall, spanMs, allowed, counts });
      console.log(said);
      // The flood got its allowed rate and no more: its calls and its requests have a rate each.
      assert.ok(counts.answered > 50, said);
      assert.ok(counts.answered <= 1.1 * allowed, said);
      assert.ok(perFloodCall <= mostPerCall * perCall, said);
    } finally {
      await stopService(gateway);
      await stopService(core);
      await Deno.remove(dataDir, { recursive: true });
    }
  },
});

function freeTcpPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function freeUdpPort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

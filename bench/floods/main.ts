/**
 * What each attack does to an honest user and to the servers' memory, between real core and gateway processes with
 * their usual limits: `main.ts [--servers FOLDER] [--rounds N] [NAME…]`. The user is alone for as many rounds as the
 * attack has; between its rounds it pauses, and the user does not. Prints one JSON object, by attack. With `--servers`
 * the servers of another checkout are attacked, for a comparison.
 */

import { parseArgs } from "node:util";
import { withTempDir } from "../../server-core/testing/quic.ts";
import { percentiles } from "../statistics.mjs";
import type { Attack, Target } from "./attack.ts";
import { HonestUser, noSamples, type Samples } from "./honest_user.ts";
import { folderMiB, WatchedProcess } from "./watched_process.ts";

const roundMs = 1_200;
const pauseMs = 800;
/** An attack takes effect at once or within this time; it is not measured. */
const onsetMs = 400;
/** What the file descriptors of a service are limited to where nobody has changed it. */
const openFiles = 1024;
/** Of attachments, bytes: a small one is used up within an attack. */
const blobQuota = "5242880";

interface Figures {
  what: string;
  /** before the first attack */
  alone: Times;
  attacked: Times;
  /** in the pauses of the attack: what is left of it */
  between: Times;
  /** MiB before the first attack and at most */
  core: { before: number; most: number };
  gateway: { before: number; most: number };
  /** MiB that the data has grown by */
  disk: number;
  /** how many cores the core and the gateway keep busy */
  cpu: { alone: number[]; attacked: number[] };
}

interface Times {
  messages: { p50: number; p99: number };
  pages: { p50: number; p99: number };
  failed: number;
}

interface Stack {
  target: Target;
  honest: HonestUser;
  pids: { core: number; gateway: number };
  dataDir: string;
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { servers: { type: "string" }, rounds: { type: "string", default: "10" } },
});
const rounds = Number(values.rounds);
const here = new URL("../..", import.meta.url).pathname;
const servers = values.servers ?? here;
const all = Array.from(Deno.readDirSync(`${here}/bench/floods/attacks`), ({ name }) => name.replace(/\.ts$/, ""));
const figures: Record<string, Figures> = {};
for (const name of positionals.length > 0 ? positionals : all.sort()) {
  console.error(`Attacking: ${name} …`);
  figures[name] = await withStack((stack) => measure(name, stack));
  console.error(JSON.stringify(figures[name]));
}
console.log(JSON.stringify(figures));

async function measure(name: string, { target, honest, pids, dataDir }: Stack): Promise<Figures> {
  const { attack }: { attack: Attack } = await import(`./attacks/${name}.ts`);
  const attacker = await startAttacker(name, target);
  await honest.act(1_000, noSamples());
  const core = new WatchedProcess(pids.core);
  const gateway = new WatchedProcess(pids.gateway);
  const before = { core: core.nowMiB, gateway: gateway.nowMiB, disk: folderMiB(dataDir) };
  const cpuS = () => [core.cpuS, gateway.cpuS];
  const sinceS = (start: number[]) => cpuS().map((now, at) => (now - start[at]) / (rounds * roundMs / 1_000));
  const [alone, attacked, between] = [noSamples(), noSamples(), noSamples()];
  let start = cpuS();
  for (let round = 0; round < rounds; round++) await honest.act(roundMs, alone);
  const cpu = { alone: sinceS(start), attacked: [0, 0] };
  for (let round = 0; round < rounds; round++) {
    await attacker.begin();
    await new Promise((resolve) => setTimeout(resolve, onsetMs));
    start = cpuS();
    await honest.act(roundMs, attacked);
    cpu.attacked = sinceS(start).map((share, at) => cpu.attacked[at] + share);
    await attacker.stop();
    await honest.act(pauseMs, between);
  }
  await attacker.end();
  core.stop();
  gateway.stop();
  return {
    what: attack.what,
    alone: timesOf(alone),
    attacked: timesOf(attacked),
    between: timesOf(between),
    core: { before: before.core, most: core.mostMiB },
    gateway: { before: before.gateway, most: gateway.mostMiB },
    disk: folderMiB(dataDir) - before.disk,
    cpu,
  };
}

function timesOf({ messages, pages, failed }: Samples): Times {
  const of = (times: number[]) => {
    const { p50, p99 } = percentiles(times);
    return { p50, p99 };
  };
  return { messages: of(messages), pages: of(pages), failed };
}

/** With the servers' own test code and scripts, so that each version migrates and starts as it does. */
async function withStack<T>(work: (stack: Stack) => Promise<T>): Promise<T> {
  const { startCore, startGateway, stopService } = await import(`${servers}/scripts/stack.mjs`);
  const { seedDevices } = await import(`${servers}/server-core/testing/seed.ts`);
  let result: T | undefined;
  await withTempDir(async (dataDir) => {
    await Deno.mkdir(`${dataDir}/core`, { mode: 0o700 });
    await Deno.mkdir(`${dataDir}/web`);
    await Deno.writeTextFile(`${dataDir}/web/index.html`, "<!doctype html><title>quicproquo</title>");
    const [own, other, ...devices] = seedDevices(`${dataDir}/core`, 6);
    const core = await startCore(dataDir, { QPQ_LISTEN: "127.0.0.1:0", QPQ_BLOB_QUOTA: blobQuota });
    const gateway = await startGateway(dataDir, core.ready.addr, {
      QPQ_HTTP_PORT: "0",
      QPQ_WT_PORT: "0",
      QPQ_WEB_ROOT: `${dataDir}/web`,
    });
    try {
      for (const { process } of [core, gateway]) limitFiles(process.pid);
      const made = JSON.parse(await Deno.readTextFile(`${dataDir}/gateway/webtransport-certificates.json`));
      const port = Number(core.ready.addr.split(":").at(-1));
      const target: Target = {
        core: { hostname: "127.0.0.1", port },
        coreCertificate: await Deno.readTextFile(`${dataDir}/core/core-cert.pem`),
        httpPort: Number(gateway.ready.http),
        webTransportPort: Number(gateway.ready.webtransport),
        gatewayCertificate: made[0].certificate,
        devices,
      };
      const honest = new HonestUser(target, own);
      await honest.begin([own, other, devices[0]]);
      const pids = { core: core.process.pid, gateway: gateway.process.pid };
      result = await work({ target, honest, pids, dataDir });
    } finally {
      await stopService(gateway);
      await stopService(core);
    }
  });
  return result!;
}

function limitFiles(pid: number): void {
  new Deno.Command("prlimit", { args: ["--pid", `${pid}`, `--nofile=${openFiles}:${openFiles}`] }).outputSync();
}

/** It has the lowest priority: a real attacker does not take processor time from the servers. */
async function startAttacker(name: string, target: Target) {
  const script = new URL("./attacker.ts", import.meta.url).pathname;
  const child = new Deno.Command("nice", {
    args: ["-n", "19", Deno.execPath(), "run", "-A", "--quiet", "--unstable-net", "--no-check", script, name],
    env: {
      FLOOD_TARGET: JSON.stringify(
        target,
        (_, value) => value instanceof Uint8Array ? { bytes: Array.from(value) } : value,
      ),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const line = () => stdin.write(new TextEncoder().encode("\n"));
  const { done } = await stdout.read();
  if (done) throw new Error(`the attack ${name} did not start`);
  return {
    begin: line,
    /** An attacker that does not stop is no reason to wait. */
    async stop(): Promise<void> {
      await line();
      await Promise.race([stdout.read(), new Promise((resolve) => setTimeout(resolve, 3_000))]);
    },
    async end(): Promise<void> {
      await stdin.close().catch(() => {});
      const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await child.status;
      clearTimeout(timer);
      await stdout.cancel().catch(() => {});
    },
  };
}

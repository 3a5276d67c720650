/** `qpq-server status`: the state of server and data at a glance. */

import { X509Certificate } from "node:crypto";
import type { ServerConfig } from "../config.ts";
import { readDisk } from "../disk_space.ts";
import { probeHealth } from "../health_probe.ts";
import type { ClockFacts, StoreFacts } from "../storage/operator_store.ts";
import { textOfClock } from "./clock.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { probeMs } from "./health.ts";
import { size, time } from "./output.ts";

export const status: Command = {
  synopsis: "status",
  summary: "whether the server answers, and what it holds",
  details: `Exit code 3 when the server does not answer; what the database holds is shown all the same. Figures of \
the running process (connections, calls) are there when QPQ_METRICS_PORT is set.`,
  examples: ["qpq-server status", "qpq-server status --json | jq .queueMessages"],
  positionals: [0, 0],
  run: async (invocation) => {
    const { config, store, output } = invocation;
    const server = await serverState(invocation);
    const facts = {
      server,
      ...await store.facts(),
      clock: await store.clock(),
      certificate: certificateFacts(config.dataDir),
      disk: diskFacts(config),
      live: server === "serving" ? await liveFacts(config.metrics) : null,
    };
    output.record(textOf(facts), facts);
    if (server === "stopped") throw new Failure(exitCodes.unavailable, "no server runs on this data");
    if (server === "draining") throw new Failure(exitCodes.unavailable, "the server is shutting down");
    if (server === "silent") {
      throw new Failure(
        exitCodes.unavailable,
        "a server holds this data, but does not answer at QPQ_LISTEN",
        "was it started with another QPQ_LISTEN? Else its log says why",
      );
    }
  },
};

type ServerState = "serving" | "draining" | "silent" | "stopped";

async function serverState({ config, store }: Invocation): Promise<ServerState> {
  if (!await store.isServed()) return "stopped";
  return await probeHealth(config, probeMs).then(
    (healthy) => healthy ? "serving" as const : "draining" as const,
    () => "silent" as const,
  );
}

interface CertificateFacts {
  fromMs: number;
  untilMs: number;
}

function certificateFacts(dataDir: string): CertificateFacts | null {
  try {
    const { validFrom, validTo } = new X509Certificate(Deno.readTextFileSync(`${dataDir}/core-cert.pem`));
    return { fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

interface DiskFacts {
  freeBytes: number;
  totalBytes: number;
  reservePercent: number;
  /** Less than the reserve is free. */
  low: boolean;
}

function diskFacts({ dataDir, diskReservePercent: reservePercent }: ServerConfig): DiskFacts {
  const { freeBytes, totalBytes, freePercent } = readDisk(dataDir);
  return { freeBytes, totalBytes, reservePercent, low: freePercent < reservePercent };
}

interface LiveFacts {
  connections: number;
  subscriptions: number;
  callsInFlight: number;
  storageWaiting: number;
}

/** Facts of the server's metrics on this machine; absent when it serves none. */
async function liveFacts(metrics: ServerConfig["metrics"]): Promise<LiveFacts | null> {
  if (!metrics?.port) return null;
  try {
    const text = await (await fetch(`http://${localHost(metrics.bind)}:${metrics.port}/metrics`, {
      signal: AbortSignal.timeout(probeMs),
    })).text();
    const gauge = (name: string) => Number(text.match(new RegExp(`^${name} (\\d+)$`, "m"))?.[1] ?? 0);
    return {
      connections: gauge("qpq_connections"),
      subscriptions: gauge("qpq_subscriptions"),
      callsInFlight: gauge("qpq_calls_in_flight"),
      storageWaiting: gauge("qpq_storage_waiting"),
    };
  } catch {
    // Another program has the port, or the server ended meanwhile. The figures of the database are still
    // true.
    return null;
  }
}

/** The host of a URL that reaches a server with this bind address from the same machine. */
function localHost(bind: string): string {
  const address = { "0.0.0.0": "127.0.0.1", "::": "::1" }[bind] ?? bind;
  return address.includes(":") ? `[${address}]` : address;
}

function textOf(
  { server, certificate, disk, live, clock, ...facts }: StoreFacts & {
    server: ServerState;
    clock: ClockFacts;
    certificate: CertificateFacts | null;
    disk: DiskFacts;
    live: LiveFacts | null;
  },
): string {
  const lines: [string, string][] = [
    ["server", server],
    ...(live
      ? [
        [
          "connections",
          `${live.connections}, ${live.subscriptions} subscribed, ${live.callsInFlight} calls in flight`,
        ] as [string, string],
      ]
      : []),
    ["accounts", `${facts.accounts}, ${facts.devices} devices, ${facts.sessions} sessions`],
    ["channels", String(facts.channels)],
    ["queues", `${facts.queueMessages} messages wait, ${size(facts.queueBytes)}`],
    ["attachments", `${facts.attachments}, ${size(facts.attachmentBytes)}`],
    ["KeyPackages", String(facts.keyPackages)],
    ["open invites", String(facts.openInvites)],
    [
      "database",
      `${size(facts.databaseBytes)}, ${
        facts.encrypted ? "encrypted" : "not encrypted"
      }, schema ${facts.schemaVersion}, format ${facts.storageFormat}`,
    ],
    ["clock", textOfClock(clock)],
    [
      "disk",
      `${size(disk.freeBytes)} of ${size(disk.totalBytes)} free${
        disk.low ? `, less than QPQ_DISK_RESERVE (${disk.reservePercent} %): nothing new is stored` : ""
      }`,
    ],
    ["certificate", certificate ? `until ${time(certificate.untilMs)}` : "none yet"],
  ];
  return lines.map(([name, value]) => `${name.padEnd(13)} ${value}`).join("\n");
}

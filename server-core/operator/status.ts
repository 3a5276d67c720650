/** `qpq-server status`: the state of server and data at a glance. */

import { X509Certificate } from "node:crypto";
import { toHex } from "../../schema/bytes.ts";
import { certificatePin } from "../../schema/certificate_pin.ts";
import type { ServerConfig } from "../config.ts";
import { readDisk } from "../disk_space.ts";
import { probeHealth } from "../health_probe.ts";
import { type LastBackup, lastBackup } from "../storage/last_backup.ts";
import type { ClockFacts, StoreFacts } from "../storage/operator_store.ts";
import { textOfClock } from "./clock.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { probeMs } from "./health.ts";
import { size, time } from "./output.ts";

const dayMs = 24 * 3_600_000;

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
      keyId: (await store.keyInUse())?.id ?? null,
      pin: await pinOf(config.dataDir),
      certificate: certificateFacts(config.dataDir),
      gatewayCertificate: await gatewayCertificate(config.gatewayMetrics),
      lastBackup: lastBackup(config.dataDir) ?? null,
      queueDays: config.queueAgeMs / dayMs,
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

async function pinOf(dataDir: string): Promise<string | null> {
  try {
    return toHex(await certificatePin(Deno.readTextFileSync(`${dataDir}/core-cert.pem`)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The gateway keeps its certificate to itself, on another machine perhaps. Its metrics say how long it is valid. */
async function gatewayCertificate(place: string | undefined): Promise<{ untilMs: number } | null> {
  if (place === undefined) return null;
  try {
    const text = await metricsAt(place);
    const seconds = /^qpq_gateway_certificate_expires_seconds (-?\d+(?:\.\d+)?(?:e\+?\d+)?)$/m.exec(text)?.[1];
    return seconds === undefined ? null : { untilMs: Math.round(Date.now() + Number(seconds) * 1000) };
  } catch {
    return null;
  }
}

async function metricsAt(place: string): Promise<string> {
  return await (await fetch(`http://${place}/metrics`, { signal: AbortSignal.timeout(probeMs) })).text();
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
    const text = await metricsAt(`${localHost(metrics.bind)}:${metrics.port}`);
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

interface StatusFacts extends StoreFacts {
  server: ServerState;
  clock: ClockFacts;
  keyId: string | null;
  pin: string | null;
  certificate: CertificateFacts | null;
  gatewayCertificate: { untilMs: number } | null;
  lastBackup: LastBackup | null;
  queueDays: number;
  disk: DiskFacts;
  live: LiveFacts | null;
}

function textOf(facts: StatusFacts): string {
  const { live, certificate, gatewayCertificate, lastBackup, clock } = facts;
  const lines: [string, string][] = [["server", facts.server]];
  if (live) {
    lines.push([
      "connections",
      `${live.connections}, ${live.subscriptions} subscribed, ${live.callsInFlight} calls in flight`,
    ]);
  }
  lines.push(
    ["accounts", `${facts.accounts}, ${facts.devices} devices, ${facts.sessions} sessions`],
    ["channels", String(facts.channels)],
    ["queues", `${facts.queueMessages} messages wait, ${size(facts.queueBytes)}; ${facts.queueDays} days at most`],
    ["attachments", `${facts.attachments}, ${size(facts.attachmentBytes)}`],
    ["KeyPackages", String(facts.keyPackages)],
    ["open invites", String(facts.openInvites)],
    ["database", textOfDatabase(facts)],
    ["last backup", lastBackup ? `${time(lastBackup.madeMs)}, ${lastBackup.file}` : "none known"],
    ["disk", textOfDisk(facts.disk)],
    ["clock", textOfClock(clock)],
    ["certificate", certificate ? `until ${time(certificate.untilMs)}` : "none yet"],
    ["pin", facts.pin ?? "none yet"],
    [
      "gateway",
      gatewayCertificate
        ? `its certificate: until ${time(gatewayCertificate.untilMs)}`
        : "its certificate is not known (QPQ_GATEWAY_METRICS)",
    ],
  );
  return lines.map(([name, value]) => `${name.padEnd(13)} ${value}`).join("\n");
}

function textOfDatabase({ databaseBytes, encrypted, keyId, schemaVersion, storageFormat }: StatusFacts): string {
  const key = encrypted ? `encrypted (key ${keyId?.slice(0, 8) ?? "without an id yet"})` : "not encrypted";
  return `${size(databaseBytes)}, ${key}, schema ${schemaVersion}, format ${storageFormat}`;
}

function textOfDisk({ freeBytes, totalBytes, low, reservePercent }: DiskFacts): string {
  const free = `${size(freeBytes)} of ${size(totalBytes)} free`;
  return low ? `${free}, less than QPQ_DISK_RESERVE (${reservePercent} %): nothing new is stored` : free;
}

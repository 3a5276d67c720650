/** Core and gateway as processes, each behind a relay, so that clients reach them through a network that can fail. */

import { UdpRelay } from "../client/testing/udp_relay.ts";
import { freeTcpPort, freeUdpPort } from "../server-common/testing/free_ports.ts";
// @ts-ignore: plain JavaScript with JSDoc types
import { startCore, startGateway } from "../scripts/stack.mjs";
import type { Weather } from "./decisions.ts";

interface Service {
  process: { kill(signal: "SIGKILL"): boolean };
  ready: Record<string, string>;
  exited: Promise<unknown>;
}

interface Ports {
  core: number;
  http: number;
  wt: number;
}

/** Before the gateway, and before the core. */
interface Relays {
  page: UdpRelay;
  shell: UdpRelay;
}

type Log = (who: string, line: string) => void;

/** Limits that many people at one address would hit. */
const roomyCore = {
  QPQ_OPAQUE_PER_IP_PER_MINUTE: "10000",
  QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE: "10000",
  QPQ_CALLS_PER_IP_PER_SECOND: "10000",
};
const roomyGateway = { QPQ_LIMIT_CALLS_PER_SECOND: "10000", QPQ_LIMIT_FILES_PER_SECOND: "10000" };

/** The share of packets that are lost and overtaken in bad weather, and how many are lost always. */
const badShares = { drop: 0.15, reorder: 0.3 };
const fairShares = { drop: 0.005, reorder: 0.02 };

export class Servers {
  readonly folder: string;
  /** Where `qpq` finds the core: the relay before it. */
  readonly address: string;
  /** Where browsers find the app. */
  readonly url: string;
  readonly #ports: Ports;
  readonly #relays: Relays;
  readonly #log: Log;
  readonly #running = new Map<"core" | "gateway", Service>();

  private constructor(folder: string, ports: Ports, relays: Relays, log: Log) {
    this.folder = folder;
    this.#ports = ports;
    this.#relays = relays;
    this.#log = log;
    this.address = `127.0.0.1:${relays.shell.port}`;
    this.url = `http://localhost:${ports.http}`;
    this.clear();
  }

  /** @param random decides on each packet */
  static async start(folder: string, random: () => number, log: Log): Promise<Servers> {
    const ports = { core: await freeUdpPort(), http: await freeTcpPort(), wt: await freeUdpPort() };
    const relays = { page: await UdpRelay.open(ports.wt, random), shell: await UdpRelay.open(ports.core, random) };
    const servers = new Servers(folder, ports, relays, log);
    await servers.restart("core");
    await servers.restart("gateway");
    return servers;
  }

  /** The pin of the core's certificate, hex. */
  get pin(): string {
    return this.#running.get("core")!.ready.pin;
  }

  /** Resolves when the server says that it is ready. */
  async restart(which: "core" | "gateway"): Promise<void> {
    const core = `127.0.0.1:${this.#ports.core}`;
    const options = { log: (line: string) => this.#log(which, line) };
    const gateway = {
      ...roomyGateway,
      QPQ_HTTP_PORT: String(this.#ports.http),
      QPQ_WT_PORT: String(this.#ports.wt),
      QPQ_WT_PUBLIC_PORT: String(this.#relays.page.port),
    };
    this.#running.set(
      which,
      which === "core"
        ? await startCore(this.folder, { ...roomyCore, QPQ_LISTEN: core }, options)
        : await startGateway(this.folder, core, gateway, options),
    );
  }

  /** As a crash does it: no warning, no flush. */
  async kill(which: "core" | "gateway"): Promise<void> {
    const service = this.#running.get(which);
    service?.process.kill("SIGKILL");
    await service?.exited;
  }

  /** Makes bad weather, which stays until {@link clear}. */
  weather({ kind, where }: Weather): void {
    for (const relay of where === "both" ? Object.values(this.#relays) : [this.#relays[where]]) {
      if (kind === "rebind") relay.rebind();
      if (kind === "blackout") relay.isDark = true;
      if (kind === "loss") [relay.dropShare, relay.reorderShare] = [badShares.drop, badShares.reorder];
    }
  }

  clear(): void {
    for (const relay of Object.values(this.#relays)) {
      relay.isDark = false;
      [relay.dropShare, relay.reorderShare] = [fairShares.drop, fairShares.reorder];
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.kill("gateway"), this.kill("core")]);
    for (const relay of Object.values(this.#relays)) relay.close();
  }
}

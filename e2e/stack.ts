/** A core and a gateway of a test's own: temporary data, free ports, ended and removed afterwards. */

import { test as base } from "@playwright/test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
// @ts-ignore: plain JavaScript with JSDoc types, shared with `npm start`
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { UdpRelay } from "../client/testing/udp_relay.ts";
import { freeTcpPort, freeUdpPort } from "../server-common/testing/free_ports.ts";

export interface Service {
  process: { pid?: number; kill(signal: NodeJS.Signals): boolean };
  ready: Record<string, string>;
  exited: Promise<number | null>;
}

/** Limits that a test on one address would hit long before a person does. */
const roomy = { QPQ_OPAQUE_PER_IP_PER_MINUTE: "10000", QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE: "10000" };

export class Stack {
  readonly dataDir = mkdtempSync(`${tmpdir()}/qpq-e2e-`);
  readonly logs: string[] = [];
  core!: Service;
  gateway!: Service;
  #ports!: { core: number; http: number; wt: number };
  #upstream?: string;
  #gatewayEnv: Record<string, string> = {};

  /** Between the browsers and the gateway's UDP port, if there is one. */
  network?: UdpRelay;

  /**
   * @param options.blockUdp a network that swallows UDP, until {@link unblockUdp}
   * @param options.relayUdp a network that the test moves, from the start or later
   * @param options.gatewayEnv further settings of the gateway
   */
  constructor(
    private readonly options: { blockUdp?: boolean; relayUdp?: boolean; gatewayEnv?: Record<string, string> } = {},
  ) {}

  /** Where people open the app. */
  get url(): string {
    return `http://localhost:${this.#ports.http}`;
  }

  get coreAddr(): string {
    return `127.0.0.1:${this.#ports.core}`;
  }

  /** Fixed ports, so that a restarted server is found where it was. */
  async start(): Promise<void> {
    this.#ports = { core: await freeUdpPort(), http: await freeTcpPort(), wt: await freeUdpPort() };
    const { blockUdp = false, relayUdp = blockUdp } = this.options;
    if (relayUdp) this.network = await UdpRelay.open(this.#ports.wt);
    if (this.network) this.network.isDark = blockUdp;
    await this.startCore();
    await this.startGateway();
  }

  /** The network lets UDP pass from now on. */
  unblockUdp(): void {
    this.network!.isDark = false;
  }

  async startCore(): Promise<void> {
    this.core = await startCore(this.dataDir, { ...roomy, QPQ_LISTEN: this.coreAddr }, {
      log: (line: string) => this.logs.push(`core ${line}`),
    });
  }

  /** @param through another upstream than the core itself, and what the gateway needs to trust it */
  async startGateway(through?: { addr: string; env: Record<string, string> }): Promise<void> {
    if (through) {
      this.#upstream = through.addr;
      this.#gatewayEnv = through.env;
    }
    const env = {
      QPQ_HTTP_PORT: String(this.#ports.http),
      QPQ_WT_PORT: String(this.#ports.wt),
      ...(this.network && { QPQ_WT_PUBLIC_PORT: String(this.network.port) }),
      ...this.options.gatewayEnv,
      ...this.#gatewayEnv,
    };
    this.gateway = await startGateway(this.dataDir, this.#upstream ?? this.coreAddr, env, {
      log: (line: string) => this.logs.push(`gateway ${line}`),
    });
  }

  /** As a crash does it: no warning, no flush. */
  async kill(service: Service): Promise<void> {
    service.process.kill("SIGKILL");
    await service.exited;
  }

  async stop(): Promise<void> {
    for (const service of [this.gateway, this.core]) if (service) await stopService(service);
    this.network?.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/**
 * `test` with a running stack as fixture; its logs are attached to a failed test. `transport` "HTTPS": in a
 * network that swallows UDP.
 */
export const test = base.extend<{ transport: "WebTransport" | "HTTPS"; stack: Stack }>({
  transport: ["WebTransport", { option: true }],
  stack: async ({ transport, browser }, use, info) => {
    const stack = new Stack({ blockUdp: transport === "HTTPS" });
    try {
      await stack.start();
      await use(stack);
    } finally {
      // People's pages would go on looking for a server that is gone, beside the tests that follow. Of a
      // failed test they are still to be photographed.
      if (info.status === info.expectedStatus) { for (const context of browser.contexts()) await context.close(); }
      await stack.stop();
      if (info.status !== info.expectedStatus) {
        await info.attach("server logs", { body: stack.logs.slice(-400).join("\n") });
      }
    }
  },
});

export { expect } from "@playwright/test";

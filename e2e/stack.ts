/** A core and a gateway of a test's own: temporary data, free ports, ended and removed afterwards. */

import { test as base } from "@playwright/test";
import { mkdtempSync, rmSync } from "node:fs";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
// @ts-ignore: plain JavaScript with JSDoc types, shared with `npm start`
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";

export interface Service {
  process: { pid: number; kill(signal: string): boolean };
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
    await this.startCore();
    await this.startGateway();
  }

  async startCore(): Promise<void> {
    this.core = await startCore(this.dataDir, { ...roomy, QPQ_LISTEN: this.coreAddr }, { log: (line: string) => this.logs.push(`core ${line}`) });
  }

  /** @param through another upstream than the core itself, and what the gateway needs to trust it */
  async startGateway(through?: { addr: string; env: Record<string, string> }): Promise<void> {
    if (through) {
      this.#upstream = through.addr;
      this.#gatewayEnv = through.env;
    }
    const env = { QPQ_HTTP_PORT: String(this.#ports.http), QPQ_WT_PORT: String(this.#ports.wt), ...this.#gatewayEnv };
    this.gateway = await startGateway(this.dataDir, this.#upstream ?? this.coreAddr, env, { log: (line: string) => this.logs.push(`gateway ${line}`) });
  }

  /** As a crash does it: no warning, no flush. */
  async kill(service: Service): Promise<void> {
    service.process.kill("SIGKILL");
    await service.exited;
  }

  async stop(): Promise<void> {
    for (const service of [this.gateway, this.core]) if (service) await stopService(service);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** `test` with a running stack as fixture; its logs are attached to a failed test. */
export const test = base.extend<{ stack: Stack }>({
  stack: async ({}, use, info) => {
    const stack = new Stack();
    try {
      await stack.start();
      await use(stack);
    } finally {
      await stack.stop();
      if (info.status !== info.expectedStatus) await info.attach("server logs", { body: stack.logs.slice(-400).join("\n") });
    }
  },
});

export { expect } from "@playwright/test";

function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4").once("error", reject).bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

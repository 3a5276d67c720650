/** A core and a gateway of a test's own: temporary data, free ports, ended and removed afterwards. */

import { test as base } from "@playwright/test";
import { mkdtempSync, rmSync } from "node:fs";
import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
// @ts-ignore: plain JavaScript with JSDoc types, shared with `npm start`
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";

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
  #network?: UdpNetwork;

  /** @param options.blockUdp a network that swallows UDP, until {@link unblockUdp} */
  constructor(private readonly options: { blockUdp?: boolean } = {}) {}

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
    if (this.options.blockUdp) this.#network = await UdpNetwork.open(this.#ports.wt);
    await this.startCore();
    await this.startGateway();
  }

  /** The network lets UDP pass from now on. */
  unblockUdp(): void {
    this.#network!.isBlocked = false;
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
      ...(this.#network && { QPQ_WT_PUBLIC_PORT: String(this.#network.port) }),
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
    this.#network?.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Stands between browsers and the gateway's UDP port, and swallows every packet for as long as it blocks. */
class UdpNetwork {
  isBlocked = true;
  readonly #outside: Socket;
  /** one socket towards the gateway for each browser's */
  readonly #inside = new Map<number, Socket>();

  private constructor(outside: Socket, gatewayPort: number) {
    this.#outside = outside;
    outside.on("message", (packet, { port }) => {
      if (!this.isBlocked) this.#towards(port, gatewayPort).send(packet, gatewayPort, "127.0.0.1");
    });
  }

  static async open(gatewayPort: number): Promise<UdpNetwork> {
    const outside = createSocket("udp4");
    await new Promise<void>((resolve) => outside.bind(0, "127.0.0.1", resolve));
    return new UdpNetwork(outside, gatewayPort);
  }

  get port(): number {
    return this.#outside.address().port;
  }

  close(): void {
    for (const socket of [this.#outside, ...this.#inside.values()]) socket.close();
  }

  #towards(browserPort: number, gatewayPort: number): Socket {
    const known = this.#inside.get(browserPort);
    if (known) return known;
    const socket = createSocket("udp4").on("message", (packet, { port }) => {
      if (!this.isBlocked && port === gatewayPort) this.#outside.send(packet, browserPort, "127.0.0.1");
    });
    this.#inside.set(browserPort, socket);
    return socket;
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

/** A client of the daemon that is only lines: what a program in any language would be. */

import type { Channel } from "../daemon/peer.ts";
import { Lines } from "./lines.ts";

/** An answer, or a call or notification of the daemon. */
export interface Said {
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: Record<string, unknown> };
  method?: string;
  params?: Record<string, unknown>;
}

/** Speaks JSON-RPC 2.0 over a socket, or with a process. */
export class RpcClient {
  readonly #channel: Pick<Channel, "write" | "close">;
  readonly #lines: Lines;
  #count = 0;

  constructor(channel: Pick<Channel, "write" | "close"> & { readable: ReadableStream<Uint8Array> }) {
    this.#channel = channel;
    this.#lines = new Lines(channel.readable);
  }

  static async connect(path: string): Promise<RpcClient> {
    return new RpcClient(await Deno.connect({ transport: "unix", path }));
  }

  async send(line: string): Promise<void> {
    let rest = new TextEncoder().encode(`${line}\n`);
    while (rest.length > 0) rest = rest.subarray(await this.#channel.write(rest));
  }

  /** Calls without waiting. @returns the call's id */
  async begin(method: string, params?: object): Promise<number> {
    const id = ++this.#count;
    await this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return id;
  }

  /** The next line. @throws Error at the end of the channel */
  async next(): Promise<Said> {
    const line = await this.#lines.next();
    if (line === "") throw new Error("the daemon has closed the channel");
    return JSON.parse(line);
  }

  /** Calls and waits for the answer; what comes before it is passed over. */
  async call(method: string, params?: object): Promise<Said> {
    const id = await this.begin(method, params);
    while (true) {
      const said = await this.next();
      if (said.id === id) return said;
    }
  }

  /** @returns the result of a call @throws Error with what it was answered instead */
  async result<T = Record<string, unknown>>(method: string, params?: object): Promise<T> {
    const { result, error } = await this.call(method, params);
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as T;
  }

  /** Waits for the next record of a subscription. */
  async received(): Promise<Record<string, unknown>> {
    while (true) {
      const { method, params } = await this.next();
      if (method === "received") return params!.record as Record<string, unknown>;
    }
  }

  close(): void {
    try {
      this.#channel.close();
    } catch {
      // It is closed.
    }
  }
}

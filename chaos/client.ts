/** A client without a view (engine_process.ts), seen from outside: its calls, its events, its death. */

import { Lines } from "../cli/testing/lines.ts";
import type { EngineApi, EngineEvent } from "../client/api/engine_api.ts";
import type { Servers } from "./servers.ts";

const program = decodeURIComponent(new URL("engine_process.ts", import.meta.url).pathname);
const flags = ["run", "--quiet", "--no-prompt", "--no-check", "--unstable-net", "-A"];

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface ClientOptions {
  statePath: string;
  servers: Servers;
  onEvent?: (event: EngineEvent) => void;
  log: (line: string) => void;
}

export class Client {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;

  constructor({ statePath, servers, onEvent = () => {}, log }: ClientOptions) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...flags, program, statePath, servers.address, servers.pin],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#input.closed.catch(() => {});
    void this.#read(onEvent, log);
    void readAll(this.#process.stderr, log);
  }

  /** @throws Error with the engine's code, or when the process ends first */
  call<Method extends keyof EngineApi>(
    method: Method,
    ...args: Parameters<EngineApi[Method]>
  ): ReturnType<EngineApi[Method]> {
    const id = ++this.#calls;
    const line = new TextEncoder().encode(`${JSON.stringify({ id, method, args })}\n`);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#input.write(line).catch(reject);
    }) as ReturnType<EngineApi[Method]>;
  }

  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
  }

  async #read(onEvent: (event: EngineEvent) => void, log: (line: string) => void): Promise<void> {
    const lines = new Lines(this.#process.stdout);
    for (let line = await lines.next(); line !== ""; line = await lines.next()) {
      let told: { id?: number; result?: unknown; error?: string; event?: EngineEvent };
      try {
        told = JSON.parse(line);
      } catch {
        continue; // killed in the middle of a line
      }
      if (told.event) {
        if (["account", "connection", "problem"].includes(told.event.kind)) log(JSON.stringify(told.event));
        onEvent(told.event);
        continue;
      }
      const pending = this.#pending.get(told.id!);
      this.#pending.delete(told.id!);
      if (told.error === undefined) pending?.resolve(told.result);
      else pending?.reject(new Error(told.error));
    }
    for (const { reject } of this.#pending.values()) reject(new Error("the process has ended"));
  }
}

/** Reads a stream of lines to its end. */
export async function readAll(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const lines = new Lines(stream);
  for (let line = await lines.next(); line !== ""; line = await lines.next()) take(line);
}

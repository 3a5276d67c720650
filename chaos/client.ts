/** A client without a view (engine_process.ts), seen from outside: its calls, its events, its death. */

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
    await readAll(this.#process.stdout, (line) => {
      const told = JSON.parse(line) as { id?: number; result?: unknown; error?: string; event?: EngineEvent };
      if (told.event) {
        if (["account", "connection", "problem"].includes(told.event.kind)) log(line);
        return onEvent(told.event);
      }
      const pending = this.#pending.get(told.id!);
      this.#pending.delete(told.id!);
      if (told.error === undefined) pending?.resolve(told.result);
      else pending?.reject(new Error(told.error));
    });
    for (const { reject } of this.#pending.values()) reject(new Error("the process has ended"));
  }
}

/** Hands each whole line of a stream on; a process that was killed may have left a part of one. */
export async function readAll(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let text = "";
  for await (
    const piece of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
  ) {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    for (const line of lines) take(line);
  }
}

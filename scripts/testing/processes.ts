/** Processes of this machine, found by what stands in their command line. */

const everyMs = 50;

/** @returns the processes whose command line holds a text, but for this one, zombies left out */
export function processesWith(text: string): number[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) return [];
    try {
      return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** @returns the processes that a process has started and that run */
export function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+) /s.exec(Deno.readTextFileSync(`/proc/${name}/stat`)) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until something is so. @throws Error when that takes `longestMs` */
export async function until(what: string, isSo: () => boolean, longestMs = 60_000): Promise<void> {
  const endMs = performance.now() + longestMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** A process with what it has written. */
export class Running {
  readonly process: Deno.ChildProcess;
  text = "";
  readonly #read: Promise<unknown>;

  constructor(command: string, options: Deno.CommandOptions) {
    this.process = new Deno.Command(command, { ...options, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    this.#read = Promise.all([this.process.stdout, this.process.stderr].map(async (stream) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream) this.text += decoder.decode(bytes, { stream: true });
    }));
  }

  /** Waits until it has written a text. */
  async says(text: string): Promise<void> {
    let ended = false;
    void this.process.status.then(() => ended = true);
    await until(`"${text}" in:\n${this.text}`, () => this.text.includes(text) || ended);
    if (!this.text.includes(text)) throw new Error(`ended without "${text}":\n${this.text}`);
  }

  /** Waits until it has ended and all that it had written is read. */
  async end(): Promise<Deno.CommandStatus> {
    const status = await this.process.status;
    await this.#read;
    return status;
  }
}

/** @returns a port of 127.0.0.1 that nobody uses now */
export function freePort(transport: "tcp" | "udp"): number {
  const socket = transport === "tcp"
    ? Deno.listen({ hostname: "127.0.0.1", port: 0 })
    : Deno.listenDatagram({ transport, hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

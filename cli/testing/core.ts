/** A real core as a process of its own, on a port that stays the same when it is started again. */

import Sqlite from "better-sqlite3-multiple-ciphers";

const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);

export class Core {
  readonly folder = Deno.makeTempDirSync({ prefix: "qpq-cli-" });
  pin = "";
  readonly #host: string;
  readonly #within: string[];
  #port = 0;
  #process: Deno.ChildProcess | undefined;

  /** @param within the command that starts a program in the network in which `host` is an address */
  constructor(host = "127.0.0.1", within: string[] = []) {
    this.#host = host;
    this.#within = within;
  }

  get address(): string {
    return `${this.#host}:${this.#port}`;
  }

  async start(): Promise<void> {
    const [program, ...before] = [...this.#within, Deno.execPath()];
    const process = new Deno.Command(program, {
      args: [
        ...before,
        "run",
        "--quiet",
        "--no-prompt",
        "--no-check",
        "--unstable-net",
        "-A",
        `${root}/server-core/main.ts`,
      ],
      env: {
        QPQ_DATA: `${this.folder}/core`,
        QPQ_LISTEN: this.address,
        QPQ_OPAQUE_PER_IP_PER_MINUTE: "10000",
        QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE: "10000",
      },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#process = process;
    let text = "";
    for await (
      const piece of process.stdout.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    ) {
      text += piece;
      const ready = /ready addr=\S+:(\d+) pin=([0-9a-f]{64})/.exec(text);
      if (!ready) continue;
      this.#port = Number(ready[1]);
      this.pin = ready[2];
      return;
    }
    throw new Error(`the core did not start: ${text}`);
  }

  /** It hangs, until {@link goOn} or {@link stop}. */
  hang(): void {
    this.#process?.kill("SIGSTOP");
  }

  goOn(): void {
    this.#process?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    this.#process = undefined;
  }

  /**
   * Frees the username of an account, as a dishonest operator could. Who registers it next has other keys.
   */
  async free(username: string): Promise<void> {
    await this.stop();
    const db = new Sqlite(`${this.folder}/core/qpq.db`);
    const { changes } = db.prepare("UPDATE accounts SET username = ? WHERE username = ?").run(
      `former-${username}`,
      username,
    );
    db.close();
    if (changes !== 1) throw new Error(`there is no account ${username}`);
    await this.start();
  }

  async remove(): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

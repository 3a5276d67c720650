/** The people at a shell: one follows by `qpq recv --follow`, one sends by `qpq send`, command by command. */

import type { Shell } from "../cli/testing/shell.ts";
import { exitCodes } from "../cli/usage.ts";
import { readAll } from "./client.ts";
import type { Printed } from "./judge.ts";
import type { Ledger, Name } from "./ledger.ts";

/** What keeps `recv --follow` running starts it again after this time, in ms. */
const restartMs = 500;
/** Between two commands of `qpq send`, in ms. */
const sendPauseMs = 400;

interface Parts {
  shell: Shell;
  ledger: Ledger;
  name: Name;
  log: (line: string) => void;
}

/** The program started last, which can be killed and is started again. */
abstract class ShellPerson {
  /** What each process of `qpq recv` has printed. */
  readonly printed: Printed[] = [];
  protected readonly parts: Parts;
  #process: Deno.ChildProcess | undefined;
  #isUp = true;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  protected get isUp(): boolean {
    return this.#isUp;
  }

  async kill(): Promise<void> {
    this.#isUp = false;
    try {
      this.#process?.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#process?.status;
  }

  restart(): void {
    this.#isUp = true;
  }

  /** Runs `qpq recv`. @returns its exit code */
  async recv(options = ""): Promise<number> {
    const { ledger, name, log } = this.parts;
    const printed: Printed = { texts: [], isWhole: false };
    const lines = printed.texts;
    this.printed.push(printed);
    const code = await this.run(`qpq recv --json ${options}`.trim(), ({ type, text }) => {
      if (type !== "message") return;
      lines.push(text);
      ledger.tell(name, text, "received");
    });
    printed.isWhole = code === exitCodes.ok || code === exitCodes.unfinished;
    log(`recv ${options} ended with ${code}, printed ${lines.length}: ${lines[0]} to ${lines.at(-1)}`);
    return code;
  }

  /** @returns its exit code; each line of its output goes to `take` */
  protected async run(command: string, take: (record: Record<string, string>) => void): Promise<number> {
    const { shell, name, log } = this.parts;
    const process = this.#process = shell.start(name, command);
    const read = readAll(process.stdout, (line) => take(JSON.parse(line)));
    await Promise.all([read, readAll(process.stderr, log)]);
    return (await process.status).code;
  }
}

export class Receiver extends ShellPerson {
  /** Goes on until `signal`; an end that nobody wanted is logged, and the command started again. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.isUp) {
        const code = await this.recv("--follow --timeout 60");
        if (this.isUp && !signal.aborted) this.parts.log(`recv --follow ended by itself with ${code}`);
      }
      await pause(this.isUp ? restartMs : 20);
    }
  }
}

export class Sender extends ShellPerson {
  async send(group: string, signal: AbortSignal): Promise<void> {
    const { ledger, name, log } = this.parts;
    while (!signal.aborted) {
      if (!this.isUp) {
        await pause(20);
        continue;
      }
      const text = ledger.next(name, "four");
      const code = await this.run(`qpq send ${group} ${text} --json --timeout 20`, ({ type }) => {
        ledger.tell(name, text, type);
      });
      if (code !== 0 && this.isUp) log(`send ended with ${code}`);
      await pause(sendPauseMs);
    }
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

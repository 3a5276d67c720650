/** A shell in which `qpq` is the program of this checkout, for people who each have their own state. */

import assert from "node:assert/strict";
import { qpqFlags } from "../permissions.mjs";

const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);

export interface Result {
  stdout: string;
  stderr: string;
  code: number;
}

/** A running core, and the folder beside its data. */
export interface Reachable {
  folder: string;
  /** HOST:PORT */
  address: string;
  pin: string;
}

export const password = "correct horse battery staple";

/** Only qpq and words, quoted or not, that a shell would not change. */
const plainCommand = /^qpq(?: (?:[^\s'"\\$`|&;<>(){}*?~#!]+|"[^"$`\\!]*"|'[^']*'))*$/;
const word = /"([^"]*)"|'([^']*)'|(\S+)/g;

export class Shell {
  readonly #core: Reachable;
  readonly #within: string[];
  readonly folder: string;

  /** @param within the command that starts a program in the network from which the core is reached */
  constructor(core: Reachable, within: string[] = []) {
    this.#core = core;
    this.#within = within;
    this.folder = `${core.folder}/shell`;
    Deno.mkdirSync(`${this.folder}/bin`, { recursive: true });
    Deno.writeTextFileSync(`${this.folder}/bin/qpq`, `#!/bin/sh\nexec node "${root}/cli/qpq.mjs" "$@"\n`, {
      mode: 0o755,
    });
  }

  statePath(person: string): string {
    return `${this.folder}/${person}.db`;
  }

  /**
   * Starts a command. A command that needs no shell is started without one, as the launcher would start it.
   * Shell and Node take a fifth of a command's time.
   *
   * @param more environment variables besides server, state and password
   */
  start(
    person: string,
    command: string,
    more: Record<string, string> = {},
    stdin: "null" | "piped" = "null",
  ): Deno.ChildProcess {
    const env: Record<string, string> = {
      PATH: `${this.folder}/bin:${Deno.env.get("PATH")}`,
      QPQ_SERVER: this.#core.address,
      QPQ_CORE_PIN: this.#core.pin,
      QPQ_STATE: `${person}.db`,
      QPQ_PASSWORD: password,
      ...more,
    };
    const [program, ...args] = [
      ...this.#within,
      ...(plainCommand.test(command) ? this.#withoutShell(command, env) : ["sh", "-c", command]),
    ];
    return new Deno.Command(program, {
      args,
      cwd: this.folder,
      clearEnv: true,
      env: { ...withoutCoverage(Deno.env.toObject()), ...env },
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  #withoutShell(command: string, env: Record<string, string>): string[] {
    const [, ...args] = Array.from(command.matchAll(word), ([, double, single, bare]) => double ?? single ?? bare);
    return [
      Deno.execPath(),
      "run",
      // No path of a test has a comma: there is nothing to delete at the end.
      ...qpqFlags(args, env, Deno.execPath(), this.folder).args,
      `${root}/cli/main.ts`,
      ...args,
    ];
  }

  async run(person: string, command: string, more: Record<string, string> = {}): Promise<Result> {
    const { stdout, stderr, code } = await this.start(person, command, more).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { stdout: text(stdout), stderr: text(stderr), code };
  }

  /** Runs a command that has to end with 0. @returns what it prints */
  readonly quiet = async (person: string, command: string, more?: Record<string, string>): Promise<string> => {
    const { code, stdout, stderr } = await this.run(person, command, more);
    assert.equal(code, 0, `${command}: ${stderr}`);
    return stdout;
  };
}

/**
 * Deno writes a file of coverage at the end of each process that inherits this variable, even an empty one. A
 * test that limits the size of files would fail there.
 */
function withoutCoverage({ DENO_COVERAGE_DIR: _, ...env }: Record<string, string>): Record<string, string> {
  return env;
}

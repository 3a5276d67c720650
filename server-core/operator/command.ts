/** The common parts of the operator's commands: their input, exit codes and failures. */

import type { ServerConfig } from "../config.ts";
import type { OperatorStore } from "../storage/operator_store.ts";
import type { Output } from "./output.ts";

/** Stable, because scripts and supervisors depend on them. */
export const exitCodes = {
  ok: 0,
  /** The command failed; nothing was changed unless the message says so. */
  failed: 1,
  /** Wrong arguments. */
  usage: 2,
  /** The data directory is in use, or the server does not answer. */
  unavailable: 3,
  /** `check` or `backup` found damage. */
  damaged: 4,
} as const;

/** Ends the command with one of {@link exitCodes}. */
export class Failure extends Error {
  override readonly name = "Failure";

  /** @param hint how to repair it */
  constructor(readonly exitCode: number, message: string, readonly hint?: string) {
    super(message);
  }
}

export interface Invocation {
  config: ServerConfig;
  store: OperatorStore;
  positionals: string[];
  options: Record<string, string | boolean | undefined>;
  output: Output;
}

export interface Command {
  /** How the command is called, like "invite [DAYS]". */
  synopsis: string;
  /** One sentence. */
  summary: string;
  /** More help: lines of text. */
  details?: string;
  examples: string[];
  options?: Record<string, { type: "string" | "boolean" }>;
  /** How many positional arguments it takes. */
  positionals: [least: number, most: number];
  run(invocation: Invocation): Promise<void>;
}

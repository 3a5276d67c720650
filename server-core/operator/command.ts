/** The common parts of the operator's commands: their input, exit codes and failures. */

import type { ServerConfig } from "../config.ts";
import type { OperatorStore } from "../storage/operator_store.ts";
import type { Output } from "./output.ts";

/** Stable: scripts and supervisors decide by them. */
export const exitCodes = {
  ok: 0,
  /** The command could not do what it was asked for; nothing was changed unless the message says so. */
  failed: 1,
  /** Wrong arguments. */
  usage: 2,
  /** The data directory is in use, or the server that is asked does not answer. */
  unavailable: 3,
  /** `check` or `backup` found damage. */
  damaged: 4,
} as const;

/** Ends the command with one of {@link exitCodes}. */
export class Failure extends Error {
  override readonly name = "Failure";

  /** @param hint what to do about it */
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
  /** ms since the Unix epoch. */
  nowMs: number;
}

export interface Command {
  /** How it is called, like "invite [DAYS]". */
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

/** The interface of commands. */

import type { Env, Invocation } from "../arguments.ts";
import type { CallerFiles } from "../caller_files.ts";
import type { Output } from "../output.ts";
import type { Session } from "../session.ts";

export interface CommandContext {
  session: Session;
  invocation: Invocation;
  output: Output;
  env: Env;
  /** What the caller has on its standard input. @throws Failure */
  input(): Promise<string>;
  /** The files that the caller names. */
  files: CallerFiles;
  /** The one group in which a message is looked for by its id. */
  within?: string;
  /** Aborted by SIGINT and SIGTERM. */
  interrupted: AbortSignal;
}

/** Resolves when the command is done. @throws Failure, EngineError, StateError */
export type Command = (context: CommandContext) => Promise<void>;

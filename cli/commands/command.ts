/** The interface of commands. */

import type { Env, Invocation } from "../arguments.ts";
import type { Output } from "../output.ts";
import type { Session } from "../session.ts";

export interface CommandContext {
  session: Session;
  invocation: Invocation;
  output: Output;
  env: Env;
  /** Aborted by SIGINT and SIGTERM. */
  interrupted: AbortSignal;
}

/** Resolves when the command is done. @throws Failure, EngineError, StateError */
export type Command = (context: CommandContext) => Promise<void>;

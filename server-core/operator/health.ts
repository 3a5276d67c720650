/** `qpq-server health`: tells supervisors whether the server serves. */

import { probeHealth } from "../health_probe.ts";
import { type Command, exitCodes, Failure } from "./command.ts";

/** Longer than a busy server needs, shorter than the timeout of a health check. */
export const probeMs = 4_000;

export const health: Command = {
  synopsis: "health",
  summary: "exit 0 if the server of this configuration answers and is not shutting down",
  examples: ["qpq-server health", "qpq-server health --json"],
  positionals: [0, 0],
  run: async ({ config, output }) => {
    const healthy = await probeHealth(config, probeMs).catch((error) => {
      throw new Failure(
        exitCodes.unavailable,
        `no answer: ${error.message}`,
        "does the server run, with the same QPQ_LISTEN and QPQ_DATA?",
      );
    });
    if (!healthy) throw new Failure(exitCodes.failed, "the server is shutting down");
    if (output.json) output.record("", { healthy });
  },
};

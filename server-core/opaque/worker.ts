/** The thread that does OPAQUE's curve arithmetic, one job at a time (docs/decisions/007 has the cost of a login). */

import os from "node:os";
import { MalformedError } from "../../schema/malformed_error.ts";
import type { WorkerAnswer, WorkerRequest } from "./jobs.ts";
import { OpaqueServerSide } from "./server_side.ts";

/** Of this thread (`nice`): everybody's messages come before sign-ins, which anybody can ask for. */
const niceness = 10;

declare const self: DedicatedWorkerGlobalScope;

interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
}

try {
  // On Linux 0 is the calling thread; elsewhere it would be the whole process.
  if (Deno.build.os === "linux") os.setPriority(0, niceness);
} catch {
  // Not allowed, or the core has a higher niceness already: sign-ins work all the same.
}

let side: OpaqueServerSide | undefined;

self.onmessage = ({ data }) => {
  if ("keys" in data) side = new OpaqueServerSide(data.keys);
  else void answer(side!, data);
};

async function answer(side: OpaqueServerSide, request: Exclude<WorkerRequest, { keys: unknown }>): Promise<void> {
  try {
    self.postMessage({ result: await run(side, request) });
  } catch (error) {
    self.postMessage({ error: (error as Error).message, malformed: error instanceof MalformedError });
  }
}

function run(side: OpaqueServerSide, request: Exclude<WorkerRequest, { keys: unknown }>) {
  switch (request.job) {
    case "respondToRegistration":
      return side.respondToRegistration(request.params);
    case "checkRecord":
      return side.checkRecord(request.params);
    case "respondToLogin":
      return side.respondToLogin(request.params);
  }
}

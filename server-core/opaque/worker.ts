/** The thread that does OPAQUE's curve arithmetic, one job at a time (docs/decisions/007 has the cost of a login). */

import { MalformedError } from "../../schema/malformed_error.ts";
import type { WorkerAnswer, WorkerRequest } from "./jobs.ts";
import { OpaqueServerSide } from "./server_side.ts";

declare const self: DedicatedWorkerGlobalScope;

interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
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

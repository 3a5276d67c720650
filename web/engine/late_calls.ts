/**
 * Starts the engine when it is needed: its code is four fifths of what the first screen would load. Where the browser
 * may hold a device it starts at once. Else nothing is stored, so what the page asks first has known answers until
 * somebody does something, or another tab has an engine.
 */

import type { EngineEvent, EngineListener } from "../../client/api/engine_api.ts";
import { EngineError, LocalCode } from "../../client/api/errors.ts";
import type { EngineMethod } from "./engine_methods.ts";

export type EngineCall = (method: EngineMethod, args: unknown[]) => Promise<unknown>;

export interface LateCalls {
  call: EngineCall;
  /** Somebody does something, or another tab has an engine: the engine starts, and tells what it knows. */
  wake(): void;
}

/** What an engine without a device says, for the methods that a page calls by itself. */
const withoutDevice: Partial<Record<EngineMethod, unknown>> = {
  account: { kind: "signed-out" },
  connection: { kind: "connecting" },
  chats: [],
  awaitedChats: 0,
  wake: undefined,
};

/**
 * @param mayHoldDevice whether the engine must open at once
 * @param start starts the engine; called once
 * @param tell gets what the engine knows, if the page was answered without it
 */
export function lateCalls(mayHoldDevice: Promise<boolean>, start: () => EngineCall, tell: EngineListener): LateCalls {
  let engine: EngineCall | undefined;
  let answered = false;
  function begin(): EngineCall {
    if (engine) return engine;
    engine = start();
    if (answered) void tellState(engine, tell);
    return engine;
  }
  void mayHoldDevice.then((holds) => void (holds && begin()));
  return {
    async call(method, args) {
      if (engine || !Object.hasOwn(withoutDevice, method)) return await begin()(method, args);
      const holds = await mayHoldDevice;
      if (engine || holds) return await begin()(method, args);
      answered = true;
      return withoutDevice[method];
    },
    wake: () => void begin(),
  };
}

/** Tells as events what the page had asked, because the engine may know better: another tab has signed in. */
async function tellState(call: EngineCall, tell: EngineListener): Promise<void> {
  try {
    const [account, connection, chats, awaited] = await Promise.all(
      (["account", "connection", "chats", "awaitedChats"] as const).map((method) => call(method, [])),
    );
    const events = [{ kind: "account", account }, { kind: "connection", connection }, { kind: "chats", chats }, {
      kind: "awaited",
      chats: awaited,
    }];
    for (const event of events) tell(event as EngineEvent);
  } catch (error) {
    const problem = error instanceof EngineError
      ? error.problem
      : { code: LocalCode.internal, detail: error instanceof Error ? error.message : String(error) };
    tell({ kind: "problem", problem });
  }
}

/** The one place where a browser's engine is put together. Called only by the tab that holds the lock. */

import type { EmitEvent, OpenEngine } from "./engine_methods.ts";

/**
 * @param emit told of every event of the engine
 * @throws StorageError when the device's storage can not be opened
 */
export async function openEngine(emit: EmitEvent): Promise<OpenEngine> {
  if (import.meta.env.MODE === "fake") {
    const { openFakeEngine } = await import("../testing/fake_engine.ts");
    return { api: openFakeEngine(emit) };
  }
  throw new Error("no engine");
}

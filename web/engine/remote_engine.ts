/** The page's side of the Worker: an EngineApi, and the engine's events. */

import { proxy, wrap } from "comlink";
import type { EngineApi, EngineListener } from "../../client/api/engine_api.ts";
import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { engineThrough } from "./engine_methods.ts";
import type { EnginePort } from "./engine_port.ts";
import "./engine_port.ts";
import { type EngineCall, lateCalls } from "./late_calls.ts";
import { isStorageForbidden, mayHoldDevice, pageSentinel } from "./page_sentinel.ts";
import { channelName } from "./tab_protocol.ts";

/**
 * The engine, as soon as it is needed (late_calls.ts): at the first key or touch, or when another tab has one.
 *
 * @param listener gets every event, also when the Worker can not start
 */
export function startEngine(listener: EngineListener): EngineApi {
  // Without storage the Worker does not get far, and says nothing that a user understands.
  if (isStorageForbidden()) return withoutStorage(listener);
  const { call, wake } = lateCalls(mayHoldDevice(), () => startWorker(listener), listener);
  const once = new AbortController();
  const tabs = new BroadcastChannel(channelName);
  const begin = () => {
    once.abort();
    tabs.close();
    wake();
  };
  tabs.onmessage = begin;
  for (const sign of ["input", "keydown", "pointerdown"]) {
    addEventListener(sign, begin, { signal: once.signal, capture: true, passive: true });
  }
  return engineThrough(call);
}

/** Starts the Worker at once and does not wait for it. Calls queue at its port while it loads. */
function startWorker(listener: EngineListener): EngineCall {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "qpq-engine" });
  let broken: EngineError | undefined;
  let failed: (error: EngineError) => void;
  const failure = new Promise<never>((_, reject) => (failed = reject));
  failure.catch(() => {});
  worker.addEventListener("error", (event) => {
    // The call that meets a later error reports it.
    if (broken || started) return;
    broken = new EngineError({
      code: LocalCode.internal,
      detail: `the engine could not start: ${event.message ?? ""}`,
    });
    failed(broken);
    listener({ kind: "problem", problem: broken.problem });
  });
  let started = false;
  const port = wrap<EnginePort>(worker);
  void port.attach(proxy(listener), proxy(pageSentinel)).then(() => (started = true));
  const tellVisible = () => void port.setVisible(document.visibilityState === "visible");
  document.addEventListener("visibilitychange", tellVisible);
  tellVisible();
  return (method, args) => Promise.race([port.call(method, args), failure]);
}

function withoutStorage(listener: EngineListener): EngineApi {
  const error = new EngineError({ code: LocalCode.storage, detail: "the browser forbids this site to store data" });
  // The caller has not got the engine yet.
  queueMicrotask(() => listener({ kind: "problem", problem: error.problem }));
  return engineThrough(() => Promise.reject(error));
}

/** Assembles the browser's engine. Called only by the tab that holds the lock. */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { useCryptoThreads } from "../../client/crypto/parallel.ts";
import { Engine } from "../../client/engine/engine.ts";
import { IndexedDbStorage } from "../../client/storage/indexeddb.ts";
import type { PageSentinel } from "../../client/storage/sentinel.ts";
import { StorageError } from "../../client/storage/storage.ts";
import { BrowserTransport } from "../../client/connection/browser_transport.ts";
import { StoredNetworkMemory } from "../../client/connection/network_memory.ts";
import type { WebTransportClass } from "../../client/connection/webtransport/webtransport.ts";
import { CryptoWorkers } from "./crypto_workers.ts";
import type { EmitEvent, OpenEngine } from "./engine_methods.ts";
import { OpfsSpool } from "./opfs_spool.ts";

/**
 * @param emit gets every event of the engine
 * @param page the page's side of the eviction sentinel
 * @param isVisible whether this tab is
 * @throws EngineError L005 when the device's storage can not be opened
 */
export async function openEngine(
  emit: EmitEvent,
  page: PageSentinel,
  isVisible: () => boolean,
): Promise<OpenEngine> {
  if (import.meta.env.MODE === "fake") {
    const { openFakeEngine } = await import("../testing/fake_engine.ts");
    return { api: openFakeEngine(emit), close: () => Promise.resolve() };
  }
  if (typeof Worker === "function") {
    const count = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));
    useCryptoThreads(
      new CryptoWorkers(
        () => new Worker(new URL("./crypto_worker.ts", import.meta.url), { type: "module", name: "qpq-crypto" }),
        count,
      ),
    );
  }
  try {
    const [storage, spool] = await Promise.all([IndexedDbStorage.open(), OpfsSpool.open()]);
    const wrappingKey = await storage.wrappingKey();
    const { WebTransport } = globalThis as { WebTransport?: WebTransportClass };
    const transport = new BrowserTransport(location.origin, {
      WebTransport,
      memory: new StoredNetworkMemory(),
      isLookedAt: () => isVisible() && navigator.onLine !== false,
    });
    const engine = await Engine.open({
      storage,
      wrappingKey,
      transport,
      listener: emit,
      page,
      sendsReceipts: true,
      keepsList: true,
      searchDatabases: async () => await (await import("./search_opfs.ts")).searchDatabases(),
      ...(spool && { spool }),
    });
    return { api: engine, close: () => engine.close() };
  } catch (error) {
    if (error instanceof StorageError) throw new EngineError({ code: LocalCode.storage, detail: error.message });
    throw error;
  }
}

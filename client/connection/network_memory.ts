/**
 * Remembers for each network whether WebTransport works, so that the next start does not wait for UDP packets that
 * never arrive.
 */

import { type IDBPDatabase, openDB } from "idb";

/**
 * The result for a network. "blocked": WebTransport did not connect, and is tried again in the background.
 * "stalled": it connected and then bytes stopped; it is not tried again before the verdict's end.
 */
export interface Verdict {
  reason: "blocked" | "stalled";
  /** ms since 1970: the verdict holds up to here */
  untilMs: number;
}

export interface NetworkMemory {
  /** @param network see {@link networkName} */
  load(network: string): Promise<Verdict | undefined>;
  /** undefined forgets */
  save(network: string, verdict: Verdict | undefined): Promise<void>;
}

/** In memory, as long as the page lives. */
export class VolatileNetworkMemory implements NetworkMemory {
  readonly #verdicts = new Map<string, Verdict>();

  load(network: string): Promise<Verdict | undefined> {
    return Promise.resolve(this.#verdicts.get(network));
  }

  save(network: string, verdict: Verdict | undefined): Promise<void> {
    if (verdict) this.#verdicts.set(network, verdict);
    else this.#verdicts.delete(network);
    return Promise.resolve();
  }
}

/**
 * In a database of its own, across restarts. It holds no personal data and may be lost at any time, so every failure
 * counts as "nothing known".
 */
export class StoredNetworkMemory implements NetworkMemory {
  readonly #name: string;
  #database: Promise<IDBPDatabase> | undefined;

  constructor(name = "quicproquo-networks") {
    this.#name = name;
  }

  async load(network: string): Promise<Verdict | undefined> {
    try {
      const kept = await (await this.#open()).get("verdicts", network) as Partial<Verdict> | undefined;
      if ((kept?.reason === "blocked" || kept?.reason === "stalled") && typeof kept.untilMs === "number") {
        return { reason: kept.reason, untilMs: kept.untilMs };
      }
    } catch {
      // Private windows and full disks: the race decides again.
    }
    return undefined;
  }

  async save(network: string, verdict: Verdict | undefined): Promise<void> {
    try {
      const database = await this.#open();
      await (verdict ? database.put("verdicts", verdict, network) : database.delete("verdicts", network));
    } catch {
      // As above.
    }
  }

  #open(): Promise<IDBPDatabase> {
    return this.#database ??= openDB(this.#name, 1, {
      upgrade: (database) => void database.createObjectStore("verdicts"),
    });
  }
}

/**
 * Names the present network as far as a page can know it: the server, and on phones the kind of network. Elsewhere all
 * networks of a device share one name; expiring verdicts and background attempts compensate for that.
 *
 * @param origin of the gateway
 * @param connection `navigator.connection`, where there is one
 */
export function networkName(
  origin: string,
  connection: unknown = (globalThis as { navigator?: { connection?: unknown } }).navigator?.connection,
): string {
  const type = (connection as { type?: unknown } | undefined)?.type;
  return `${origin} ${typeof type === "string" ? type : "any"}`;
}

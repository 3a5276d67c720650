/** Carries calls of clients to the core, over WebTransport or HTTPS, within the limits. */
import type { GatewayLimits } from "./config.ts";
import type { Log } from "../server-common/log.ts";
import type { CallLimit, Metrics, RefusalReason } from "./metrics.ts";
import { type CallPlace, CallPlaces } from "./call_places.ts";
import { type CallOutcome, type CallSummary, type Duplex, Splice } from "./splice.ts";
import { abandon, type UpstreamPool, type UpstreamStream } from "./upstream.ts";

/** "tooMany": the caller has reached its limit of calls; "unavailable": the core can not be reached. */
export type CallRefusal = "tooMany" | "unavailable";

export interface AcceptedCall {
  /** Copies bytes until the call ends; never rejects. */
  carry(client: Duplex, abort?: AbortSignal): Promise<CallSummary>;
}

const limitOutcomes: Partial<Record<CallOutcome, RefusalReason>> = {
  tooLarge: "bytesPerCall",
  halfOpen: "halfOpenCall",
  stalled: "stalledCall",
};

/** Stalled calls are counted this often, in ms. */
const stallCheckMs = 500;
/** An address with fewer calls is never the one that takes the memory. */
const fewCalls = 32;

/** Accepts calls of both transports, and carries each to the core. */
export class CallRouter {
  readonly #pool: Pick<UpstreamPool, "open" | "places">;
  readonly #limits: GatewayLimits;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #places: CallPlaces;
  readonly #stallCheck: ReturnType<typeof setInterval>;

  constructor(pool: Pick<UpstreamPool, "open" | "places">, limits: GatewayLimits, metrics: Metrics, log: Log) {
    this.#pool = pool;
    this.#limits = limits;
    this.#metrics = metrics;
    this.#log = log;
    this.#places = new CallPlaces(limits.callsPerAddress, () => pool.places, (limit) => {
      metrics.add("qpq_gateway_calls_displaced_total");
      metrics.refuse(limit);
    });
    this.#stallCheck = setInterval(() => this.#places.endStalled(), stallCheckMs);
  }

  /**
   * Opens a stream to the core for one call.
   *
   * @param client its address is sent before the call
   * @returns the accepted call, which must then be carried, or the reason of the refusal
   */
  async accept(client: Deno.NetAddr): Promise<AcceptedCall | CallRefusal> {
    const { hostname: address } = client;
    const place = this.#places.take(address);
    if (typeof place === "string") {
      this.refuse(place);
      return "tooMany";
    }
    let upstream: UpstreamStream;
    try {
      upstream = await this.#pool.open(client);
    } catch {
      place.give();
      this.#metrics.add("qpq_gateway_calls_failed_total");
      this.#metrics.refuse("coreAway");
      return "unavailable";
    }
    if (place.isLost) {
      place.give();
      abandon(upstream);
      return "tooMany";
    }
    return { carry: (duplex, abort) => this.#carry(duplex, upstream, place, abort) };
  }

  /** Counts a call that a limit refused. */
  refuse(reason: CallLimit): void {
    this.#metrics.add("qpq_gateway_calls_refused_total");
    this.#metrics.refuse(reason);
  }

  /** Ends the calls of the address with the most. @returns how many; 0 when no address has so many that it is meant */
  shedGreediest(): number {
    return this.#places.endGreediest(fewCalls);
  }

  /** Stops counting; calls go on. */
  close(): void {
    clearInterval(this.#stallCheck);
  }

  async #carry(client: Duplex, upstream: UpstreamStream, place: CallPlace, abort?: AbortSignal): Promise<CallSummary> {
    const metrics = this.#metrics;
    metrics.add("qpq_gateway_calls_total");
    metrics.add("qpq_gateway_calls");
    const startedAt = performance.now();
    const splice = new Splice(client, upstream, this.#limits, abort);
    place.run(splice);
    const summary = await splice.finished;
    upstream.release();
    place.give();
    metrics.add("qpq_gateway_calls", -1);
    metrics.add("qpq_gateway_bytes_to_core_total", summary.bytesToCore);
    metrics.add("qpq_gateway_bytes_from_core_total", summary.bytesFromCore);
    metrics.observeCall(performance.now() - startedAt);
    const reason = limitOutcomes[summary.outcome];
    if (reason) metrics.refuse(reason);
    if (summary.outcome !== "done") metrics.add("qpq_gateway_calls_failed_total");
    this.#log.debug("call", { ...summary });
    return summary;
  }
}

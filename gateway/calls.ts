/** Carries calls of clients to the core, over WebTransport or HTTPS, within the limits. */
import type { GatewayLimits } from "./config.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics, RefusalReason } from "./metrics.ts";
import { type CallOutcome, type CallSummary, type Duplex, spliceCall } from "./splice.ts";
import type { UpstreamPool, UpstreamStream } from "./upstream.ts";
import { AddressUsage } from "../server-common/address_usage.ts";

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

/** Accepts calls of both transports, and carries each to the core. */
export class CallRouter {
  readonly #pool: Pick<UpstreamPool, "open">;
  readonly #limits: GatewayLimits;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #perAddress: AddressUsage;

  constructor(pool: Pick<UpstreamPool, "open">, limits: GatewayLimits, metrics: Metrics, log: Log) {
    this.#pool = pool;
    this.#limits = limits;
    this.#metrics = metrics;
    this.#log = log;
    this.#perAddress = new AddressUsage(limits.callsPerAddress);
  }

  /**
   * Opens a stream to the core for one call.
   *
   * @param client its address is sent before the call
   * @returns the accepted call, which must then be carried, or the reason of the refusal
   */
  async accept(client: Deno.NetAddr): Promise<AcceptedCall | CallRefusal> {
    const { hostname: address } = client;
    if (!this.#perAddress.take(address)) {
      this.refuse("callsPerAddress");
      return "tooMany";
    }
    let upstream: UpstreamStream;
    try {
      upstream = await this.#pool.open(client);
    } catch {
      this.#perAddress.give(address);
      this.#metrics.add("qpq_gateway_calls_failed_total");
      this.#metrics.refuse("coreAway");
      return "unavailable";
    }
    return { carry: (duplex, abort) => this.#carry(duplex, upstream, address, abort) };
  }

  /** Counts a call that a limit refused. */
  refuse(reason: "callsPerAddress" | "callsPerSession"): void {
    this.#metrics.add("qpq_gateway_calls_refused_total");
    this.#metrics.refuse(reason);
  }

  async #carry(client: Duplex, upstream: UpstreamStream, address: string, abort?: AbortSignal): Promise<CallSummary> {
    const metrics = this.#metrics;
    metrics.add("qpq_gateway_calls_total");
    metrics.add("qpq_gateway_calls");
    const startedAt = performance.now();
    const summary = await spliceCall(client, upstream, this.#limits, abort);
    upstream.release();
    this.#perAddress.give(address);
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

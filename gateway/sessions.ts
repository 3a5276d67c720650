/**
 * WebTransport sessions: authorises them, counts them, and passes each of their streams to the call router.
 */
import type { CallRouter } from "./calls.ts";
import { callRefusal } from "./call_refusal.ts";
import type { GatewayLimits } from "./config.ts";
import type {
  SessionDecision,
  StreamHandler,
  WebTransportRequest,
  WebTransportSession,
  WebTransportStream,
} from "./http3/server.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { AddressUsage } from "../server-common/address_usage.ts";
import { LoopTurns } from "../server-common/loop_turns.ts";

const webTransportPath = "/wt";
/** A reason of one's own: without it each abort makes an error, with a stack. */
const sessionOver = "the session is over";
/** Close code of a session that keeps opening calls and never finishes them. */
export const sessionAbusedCode = 1;
/** Close code of a session without a call for `idleMs`; a client connects again for its next call. */
export const sessionIdleCode = 2;
/** Advice to a refused page: an old session of its address may have ended by then. */
const sessionsFullMs = 10_000;
/**
 * Half-open calls of a session before it is closed. Deno frees a stream with a pending read only when its
 * connection ends, so their number must be limited.
 */
const maxHalfOpenCalls = 16;
/**
 * Calls of ended sessions that end in a turn of the event loop, all addresses together: 2 to 3 ms of it. When thousands
 * of browsers are lost at once, they soon come back, and their old calls hold places at the core until they end. One in
 * each turn would make that eight times as many turns, each with the work of those who came back. And the place is not
 * given back before its call ends, because the stream to the core is not free either.
 */
const endedInATurn = 8;

/** Accepts and counts WebTransport sessions. */
export class SessionRegistry {
  readonly #calls: CallRouter;
  readonly #limits: GatewayLimits;
  readonly #isOwnOrigin: (origin: string) => boolean;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #perAddress: AddressUsage;
  readonly #endTurns = new LoopTurns(endedInATurn);

  constructor(
    calls: CallRouter,
    limits: GatewayLimits,
    isOwnOrigin: (origin: string) => boolean,
    metrics: Metrics,
    log: Log,
  ) {
    this.#calls = calls;
    this.#limits = limits;
    this.#isOwnOrigin = isOwnOrigin;
    this.#metrics = metrics;
    this.#log = log;
    this.#perAddress = new AddressUsage(limits.sessionsPerAddress);
  }

  /**
   * Only the gateway's own pages may open sessions. A client without an origin is no page, and can reach the
   * core directly. A 200 takes a place: between a look and the opening of the session others could look, too.
   */
  authorize(request: WebTransportRequest): SessionDecision {
    const status = this.#statusOf(request);
    if (status === 403) this.#metrics.refuse("origin");
    if (status === 429) this.#metrics.refuse("sessionsPerAddress");
    if (status !== 200) {
      this.#metrics.add("qpq_gateway_sessions_refused_total");
      this.#log.info("session-refused", { status });
      this.#log.debug("session-refused-address", { status, address: request.remoteAddr.hostname });
    }
    if (status === 200) return { status, giveBack: () => this.#perAddress.give(request.remoteAddr.hostname) };
    return status === 429 ? { status, retryAfterMs: sessionsFullMs } : { status };
  }

  /** Not all at once: a hundred calls take 30 ms to end, and a session may have as many. */
  async #endInTurns(calls: Set<AbortController>, address: string): Promise<void> {
    for (const call of calls) {
      await this.#endTurns.next(address);
      call.abort(sessionOver);
    }
  }

  #statusOf({ path, origin, remoteAddr }: WebTransportRequest): 200 | 403 | 404 | 429 {
    if (path.split("?")[0] !== webTransportPath) return 404;
    if (origin === undefined || !this.#isOwnOrigin(origin)) return 403;
    return this.#perAddress.take(remoteAddr.hostname) ? 200 : 429;
  }

  /** Keeps the place of {@link authorize} while the session lives, and carries each of its streams as one call. */
  open(session: WebTransportSession): StreamHandler {
    const address = session.remoteAddr.hostname;
    this.#metrics.add("qpq_gateway_sessions_total");
    this.#metrics.add("qpq_gateway_sessions");
    let isOver = false;
    const calls = new Set<AbortController>();
    session.closed.then(({ code, reason }) => {
      isOver = true;
      void this.#endInTurns(calls, address);
      clearTimeout(idleTimer);
      this.#perAddress.give(address);
      this.#metrics.add("qpq_gateway_sessions", -1);
      this.#log.debug("session-closed", { code, reason });
    });
    const idle = () => {
      this.#metrics.refuse("idleSession");
      session.close(sessionIdleCode, "idle");
    };
    let idleTimer = setTimeout(idle, this.#limits.idleMs);
    let callsUnderWay = 0;
    let halfOpenCalls = 0;

    const carry = async (stream: WebTransportStream) => {
      if (isOver) return reset(stream);
      const reason = stream.held.isOverfull
        ? "heldBytes"
        : callsUnderWay >= this.#limits.callsPerSession
        ? "callsPerSession"
        : undefined;
      if (reason) {
        this.#calls.refuse(reason);
        return refuse(stream);
      }
      callsUnderWay++;
      clearTimeout(idleTimer);
      try {
        const call = await this.#calls.accept(session.remoteAddr);
        if (call === "tooMany") return refuse(stream);
        if (call === "unavailable") return reset(stream);
        const abort = new AbortController();
        calls.add(abort);
        if (isOver) abort.abort(sessionOver);
        const { outcome } = await call.carry(stream, abort.signal).finally(() => calls.delete(abort));
        if (outcome === "halfOpen" && ++halfOpenCalls >= maxHalfOpenCalls) {
          session.close(sessionAbusedCode, "too many unfinished calls");
        }
      } finally {
        callsUnderWay--;
        if (callsUnderWay === 0 && !isOver) {
          clearTimeout(idleTimer);
          idleTimer = setTimeout(idle, this.#limits.idleMs);
        }
      }
    };
    return carry;
  }
}

/** Answers E005 without waiting for the client to read the answer. */
function refuse({ readable, writable }: WebTransportStream): void {
  readable.cancel().catch(() => {});
  const writer = writable.getWriter();
  writer.write(callRefusal.tooMany).then(() => writer.close()).catch(() => {});
}

function reset(stream: WebTransportStream): void {
  stream.readable.cancel().catch(() => {});
  stream.writable.abort().catch(() => {});
}

/** One call of `fetchWait` that waits for entries of its device. */

import { equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

/** The shortest advice to a fetch that a newer one has ended, ms. */
export const leastRetryMs = 1_000;

/** For what a fetch waits, and how long. */
export interface Wait {
  /** 16 bytes: the session of the call. */
  sessionId: Uint8Array;
  /** 32 bytes, or empty: entries of every channel. */
  channelId: Uint8Array;
  timeoutMs: number;
}

/** A waiting fetch. It is woken by entries that it can give, and by nothing else. */
export class WaitingFetch {
  readonly #wait: Wait;
  readonly #untilMs: number;
  #woken = false;
  #ended: WireError | undefined;
  #wake: (() => void) | undefined;

  constructor(wait: Wait) {
    this.#wait = wait;
    this.#untilMs = performance.now() + wait.timeoutMs;
  }

  /** How long it may still wait, ms. */
  get leftMs(): number {
    return Math.max(0, this.#untilMs - performance.now());
  }

  /** An entry of this channel was stored. */
  stored(channelId: Uint8Array): void {
    if (this.#wait.channelId.length > 0 && !equalBytes(this.#wait.channelId, channelId)) return;
    this.#woken = true;
    this.#wake?.();
  }

  /** Ends it with this error. */
  end(error: WireError): void {
    this.#ended ??= error;
    this.#wake?.();
  }

  /**
   * Another `fetchWait` of the device has taken its place. Both would else take it from each other without a pause, if
   * each asked anew at once: this one is told to come when its time would have been over.
   */
  displaced(): void {
    const retryMs = Math.max(leastRetryMs, Math.ceil(this.leftMs));
    this.end(new WireError(ErrorCode.rateLimited, "a newer fetchWait of this device waits", retryMs));
  }

  /** Ends it if it is of one of these sessions (E001). */
  endOf(sessionIds: Uint8Array[]): void {
    if (!sessionIds.some((ended) => equalBytes(ended, this.#wait.sessionId))) return;
    this.end(new WireError(ErrorCode.unauthenticated, "the session has ended"));
  }

  /**
   * Waits for an entry, the end of the time, or `signal`. An entry that was stored since the last wait counts.
   *
   * @throws WireError when it was ended
   */
  async next(signal: AbortSignal): Promise<void> {
    if (!this.#woken && !this.#ended && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(wake, this.leftMs);
        signal.addEventListener("abort", wake, { once: true });
        this.#wake = wake;
      });
    }
    this.#woken = false;
    if (this.#ended) throw this.#ended;
  }
}

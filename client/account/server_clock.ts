/**
 * The server's time as this device can tell it (specification §4.9: KeyPackage lifetimes are judged by the
 * server's clock).
 */

import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { ServerTime } from "./types.ts";

/** The user is told when the device's clock is further off than this. */
export const clockWarningMs = 3_600_000;

/**
 * The server's time, reckoned from the device's clock and what `health` answered. It does not go back behind
 * a time that both clocks had reached: a server whose clock is far back would otherwise have KeyPackages
 * accepted whose private parts may have been taken long after their end.
 */
export class ServerClock implements ServerTime {
  readonly #deviceNow: () => number;
  #offsetMs = 0;
  #measured = false;
  #reachedMs = 0;

  /** @param deviceNow ms since the Unix epoch by the device's clock */
  constructor(deviceNow: () => number = Date.now) {
    this.#deviceNow = deviceNow;
  }

  now(): number {
    return this.#deviceNow() + this.#offsetMs;
  }

  deviceNow(): number {
    return this.#deviceNow();
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Whether the server was asked already. */
  get measured(): boolean {
    return this.#measured;
  }

  /**
   * The newest time that the server's clock and the device's had both reached, ms; 0 before the first
   * measurement. To be kept on disk.
   */
  get reachedMs(): number {
    return this.#reachedMs;
  }

  /** @param reachedMs what was kept on disk; counts unless a newer one is known */
  remember(reachedMs: number): void {
    this.#reachedMs = Math.max(this.#reachedMs, reachedMs);
  }

  /**
   * Measures the offset: the server read its clock about half way between question and answer. A time before
   * `reachedMs` counts only if the device's clock says the same.
   *
   * @returns server minus device as they are, in ms
   * @throws WireError, TransportError
   */
  async measure(rpc: RpcClient): Promise<number> {
    const askedMs = this.#deviceNow();
    const { serverTimeMs } = await rpc.call(delivery.health, {});
    const deviceMs = (askedMs + this.#deviceNow()) / 2;
    const differenceMs = Math.round(serverTimeMs - deviceMs);
    const bothMs = Math.min(serverTimeMs, Math.round(deviceMs));
    // When the two agree, a time that both had reached before was an error of both, mended meanwhile.
    this.#reachedMs = Math.abs(differenceMs) <= clockWarningMs ? bothMs : Math.max(this.#reachedMs, bothMs);
    this.#offsetMs = Math.max(differenceMs, Math.round(this.#reachedMs - deviceMs));
    this.#measured = true;
    return differenceMs;
  }
}

/**
 * The server's time as this device knows it (specification §4.9: KeyPackage lifetimes are judged by the
 * server's clock).
 */

import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { ServerTime } from "./types.ts";

/** The user gets a warning when the device's clock is further off than this. */
export const clockWarningMs = 3_600_000;

/**
 * The server's time, computed from the device's clock and the answer of `health`. It never goes back behind a
 * time that both clocks had reached. Otherwise a server could set its clock back, so that expired KeyPackages
 * are accepted. Their private parts may have been stolen meanwhile.
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
   * The newest time that the server's clock and the device's had both reached, in ms since the Unix epoch; 0 before
   * the first measurement. It is stored.
   */
  get reachedMs(): number {
    return this.#reachedMs;
  }

  /** @param reachedMs the stored value; ignored if a newer one is known */
  remember(reachedMs: number): void {
    this.#reachedMs = Math.max(this.#reachedMs, reachedMs);
  }

  /**
   * Measures the offset: the server reads its clock about half way between call and answer. A time before
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
    // If both clocks agree now, an earlier time that both had reached was an error of both, corrected meanwhile.
    this.#reachedMs = Math.abs(differenceMs) <= clockWarningMs ? bothMs : Math.max(this.#reachedMs, bothMs);
    this.#offsetMs = Math.max(differenceMs, Math.round(this.#reachedMs - deviceMs));
    this.#measured = true;
    return differenceMs;
  }
}

/** The server's time as this device can tell it (PROTOCOL §4: KeyPackage lifetimes are judged by the server's clock). */

import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { Clock } from "./types.ts";

/** The user is told when the device's clock is further off than this. */
export const clockWarningMs = 3_600_000;

/** The server's time, reckoned from the device's clock and what `health` answered. */
export class ServerClock implements Clock {
  readonly #deviceNow: () => number;
  #offsetMs = 0;
  #measured = false;

  /** @param deviceNow ms since the Unix epoch by the device's clock */
  constructor(deviceNow: () => number = Date.now) {
    this.#deviceNow = deviceNow;
  }

  now(): number {
    return this.#deviceNow() + this.#offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Whether the server was asked already. */
  get measured(): boolean {
    return this.#measured;
  }

  /** Measures the offset: the server read its clock about half way between question and answer. @throws WireError, TransportError */
  async measure(rpc: RpcClient): Promise<number> {
    const askedMs = this.#deviceNow();
    const { serverTimeMs } = await rpc.call(delivery.health, {});
    this.#offsetMs = Math.round(serverTimeMs - (askedMs + this.#deviceNow()) / 2);
    this.#measured = true;
    return this.#offsetMs;
  }
}

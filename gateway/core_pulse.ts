/**
 * Whether the core still answers on a connection. A core that was killed says nothing, and QUIC's idle time can not be
 * short: a busy core is silent, too. So silence is noticed early, and judged by a fresh connection beside it
 * (docs/decisions/039-dead-cores.md).
 */

/** A datagram goes to the core this often, in ms; the core sends it back. */
export const beatMs = 250;
/** No answer for this long: three beats. Calls take other connections then, or wait. In ms. */
export const silentAfterMs = 750;
/** How long a silent connection may still answer when the core has admitted a fresh one, in ms. */
const shortestGraceMs = 150;
const longestGraceMs = 1_000;
const stepMs = 50;

type Datagrams = Pick<Deno.QuicConn, "readDatagram" | "sendDatagram">;

/** The signs of life on one connection to the core. */
export class CorePulse {
  readonly #conn: Datagrams;
  readonly #changed: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** When the core answered last; undefined: never, as cores of earlier versions do. */
  #heardMs: number | undefined;
  #beatMs = performance.now();
  #isSilent = false;

  /** @param changed called when {@link isSilent} changes */
  constructor(conn: Datagrams, changed: () => void) {
    this.#conn = conn;
    this.#changed = changed;
    this.#timer = setInterval(() => this.#beat(), beatMs);
    this.#send();
    this.#listen().catch(() => {});
  }

  /** The core has answered before, and does not now. Never true for a core that answers no datagrams. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Waits whether a silent core answers after all: what it sent before a fresh connection was made may wait to be read.
   *
   * @param handshakeMs how long the fresh connection took
   * @returns whether it stays silent
   */
  async staysSilent(handshakeMs: number): Promise<boolean> {
    this.#send();
    let restMs = Math.min(Math.max(2 * handshakeMs, shortestGraceMs), longestGraceMs);
    for (; this.#isSilent && restMs > 0; restMs -= stepMs) await new Promise((resolve) => setTimeout(resolve, stepMs));
    return this.#isSilent;
  }

  /** The connection is over. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const nowMs = performance.now();
    // This process was busy or stopped: what has come meanwhile is read before the core is judged.
    if (nowMs - this.#beatMs > 2 * beatMs && this.#heardMs !== undefined) this.#heardMs = nowMs;
    this.#beatMs = nowMs;
    if (this.#heardMs !== undefined && nowMs - this.#heardMs >= silentAfterMs) this.#set(true);
    this.#send();
  }

  #send(): void {
    this.#conn.sendDatagram(new Uint8Array(1)).catch(() => {});
  }

  async #listen(): Promise<void> {
    while (true) {
      await this.#conn.readDatagram();
      this.#heardMs = performance.now();
      this.#set(false);
    }
  }

  #set(isSilent: boolean): void {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    this.#changed();
  }
}

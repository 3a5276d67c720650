/**
 * Whether the other end of a QUIC connection still answers. A program that was killed says nothing, and QUIC's idle
 * time can not be short: who is busy is silent, too. So silence is noticed early, and judged by a fresh connection
 * beside it (docs/decisions/039-dead-cores.md).
 */

/** How long a silent connection may still answer when a fresh one stands, in ms. */
const shortestGraceMs = 150;
const longestGraceMs = 1_000;
const stepMs = 50;
/** Where so many datagrams have no answer from the start, none will come: an earlier version keeps them unread. */
const maxUnanswered = 20;

/** The part of a QUIC connection that a pulse needs. */
export interface Datagrams {
  sendDatagram(data: Uint8Array): Promise<void>;
  readDatagram(): Promise<Uint8Array>;
}

export interface PulseOptions {
  /** A datagram goes out this often, in ms; the other end sends it back. */
  beatMs: number;
  /** No answer for this long is silence, in ms. It is looked for at each beat. */
  silentAfterMs: number;
  /** Called when {@link Pulse.isSilent} changes. */
  changed: () => void;
}

/** The signs of life on one connection. */
export class Pulse {
  readonly #conn: Datagrams;
  readonly #options: PulseOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  /** When the other end answered last; undefined: never, as earlier versions do. */
  #heardMs: number | undefined;
  #beatMs = performance.now();
  #sent = 0;
  #isSilent = false;

  constructor(conn: Datagrams, options: PulseOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#timer = setInterval(() => this.#beat(), options.beatMs);
    this.#send();
    this.#listen().catch(() => {});
  }

  /** The other end has answered before, and does not now. Never true where it answers no datagrams. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Waits whether a silent connection answers after all: what was sent before a fresh one was made may wait to be read.
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
    if (this.#heardMs === undefined && this.#sent >= maxUnanswered) return this.stop();
    const { beatMs, silentAfterMs } = this.#options;
    const nowMs = performance.now();
    // This process was busy or stopped: what has come meanwhile is read before the other end is judged.
    if (nowMs - this.#beatMs > 2 * beatMs && this.#heardMs !== undefined) this.#heardMs = nowMs;
    this.#beatMs = nowMs;
    if (this.#heardMs !== undefined && nowMs - this.#heardMs >= silentAfterMs) this.#set(true);
    this.#send();
  }

  #send(): void {
    this.#sent++;
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
    this.#options.changed();
  }
}

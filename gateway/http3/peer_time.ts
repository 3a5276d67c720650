/**
 * How long a peer has kept the server waiting. What has come and waits for a turn of the server's own is not late: in a
 * backlog of its address that can take longer than the peer's time, and an honest peer would lose its connection.
 *
 * Who makes such a backlog to keep a connection longer gains nothing: a session without calls holds as much.
 */
export class PeerTime {
  /** when it began, later by what does not count */
  #sinceMs = performance.now();
  #turns = 0;
  #stoppedMs = 0;

  /** Awaits the server's own turn, during which no time passes for the peer. */
  async without(turn: Promise<void>): Promise<void> {
    if (this.#turns++ === 0) this.#stoppedMs = performance.now();
    try {
      await turn;
    } finally {
      if (--this.#turns === 0) this.#sinceMs += performance.now() - this.#stoppedMs;
    }
  }

  /** Whether it is the peer whom the server waits for, and for so long already. */
  isOver(mostMs: number): boolean {
    return this.#turns === 0 && performance.now() - this.#sinceMs >= mostMs;
  }
}

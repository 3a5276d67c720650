/**
 * Holds the one connection to the server. While a device is signed in it keeps it up: connects, backs off,
 * notices a dead one. Before that, a call connects when it is made.
 */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { TransportError } from "../../schema/rpc/errors.ts";
import { staggered } from "../../schema/staggered.ts";
import type { ConnectionState } from "../api/engine_api.ts";
import type { Connection, Transport } from "./transport.ts";
import { answers } from "./webtransport/watched_connection.ts";
import { backoffMs, drainedMs, longestReconnectMs } from "../runtime/backoff.ts";
import { pause } from "../runtime/clock.ts";
import type { Environment } from "../runtime/environment.ts";

/** Longest wait for a connection, in ms. */
const connectTimeoutMs = 15_000;

/** Attempts to connect that are under way at once; a new one begins every `longestReconnectMs`. */
const attemptsAtOnce = 5;

/** A connection that outlived a sleep or another network has this long to answer, in ms. */
export const wakeProbeMs = 500;

/** How a turn of work on a connection ended. */
export type SessionEnd =
  /** The connection is of no more use: back off and connect again. */
  | "lost"
  /** The server drains (E040): connect again soon. */
  | "drained"
  /** The session is over: stop. */
  | "ended";

/** What is done on each connection, until it ends. Never rejects. */
export type SessionLoop = (signal: AbortSignal, progressed: () => void) => Promise<SessionEnd>;

/** The one connection to the server, and the loop that keeps it up. */
export class ConnectionManager {
  readonly #transport: Transport;
  readonly #environment: Environment;
  readonly #onState: (state: ConnectionState) => void;
  #state: ConnectionState = { kind: "offline" };
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #turn: SessionLoop | undefined;
  #running: Promise<void> = Promise.resolve();
  #stop = new AbortController();
  #hurry = new AbortController();
  /** Begins a further attempt to connect at once, while some are under way. */
  #tryNow: () => void = () => {};
  #probing = false;
  #closed = false;

  constructor(options: { transport: Transport; environment: Environment; onState: (state: ConnectionState) => void }) {
    this.#transport = options.transport;
    this.#environment = options.environment;
    this.#onState = options.onState;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * For RpcClient: a stream on the present connection, or on a new one. While the link is kept up, only on
   * the present one.
   */
  readonly openStream = async (signal?: AbortSignal): Promise<ByteStream> => {
    // A background task may outlive its engine. What it stores can be lost, so the server must not hear of it.
    if (this.#closed) throw new TransportError("the connection was closed");
    const connection = this.#connection ??
      (this.#connecting ? await this.#connecting : this.#turn ? undefined : await this.#connect(this.#stop.signal));
    if (!connection) throw new TransportError("no connection to the server");
    return await connection.openStream(signal);
  };

  /** Keeps a connection up and runs `turn` on each, until `stop`. */
  start(turn: SessionLoop): void {
    if (this.#turn || this.#closed) return;
    this.#turn = turn;
    this.#stop = new AbortController();
    this.#running = this.#run(turn, this.#stop.signal);
  }

  /** Ends the connection and the loop. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#dropConnection();
    await this.#running;
    this.#turn = undefined;
    this.#stop = new AbortController();
    this.#setState({ kind: "offline" });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.stop();
  }

  /**
   * The network came back or the device woke up: connects now, and finds out whether a connection from before
   * still lives: left alone, a dead one is believed in for half a minute.
   */
  wake(): void {
    this.#hurry.abort();
    this.#hurry = new AbortController();
    this.#tryNow();
    if (this.#connection && this.#turn && !this.#probing) void this.#probe(this.#connection);
  }

  async #probe(connection: Connection): Promise<void> {
    this.#probing = true;
    const alive = await answers(connection, this.#environment, wakeProbeMs);
    this.#probing = false;
    if (!alive && this.#connection === connection) this.#dropConnection();
  }

  /** The present connection is dead, whatever it says. */
  #dropConnection(connection: Connection | undefined = this.#connection): void {
    connection?.close();
    if (this.#connection === connection) this.#connection = undefined;
  }

  async #run(turn: SessionLoop, stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      this.#setState({ kind: "connecting" });
      let end: SessionEnd = "lost";
      try {
        await this.#connect(stop);
        end = await turn(stop, () => {
          failures = 0;
        });
      } catch {
        // Not connected: the same as a connection that was lost.
      }
      this.#dropConnection();
      if (stop.aborted) return;
      if (end === "ended") {
        this.#turn = undefined;
        this.#setState({ kind: "offline" });
        return;
      }
      failures++;
      this.#setState({ kind: "connecting" });
      const delayMs = end === "drained"
        ? drainedMs(this.#environment.random())
        : backoffMs(failures, this.#environment.random(), longestReconnectMs);
      await pause(this.#environment, delayMs, AbortSignal.any([stop, this.#hurry.signal]));
    }
  }

  async #connect(stop: AbortSignal): Promise<Connection> {
    if (this.#connection) return this.#connection;
    this.#connecting ??= this.#establish(stop).finally(() => {
      this.#connecting = undefined;
    });
    return await this.#connecting;
  }

  async #establish(stop: AbortSignal): Promise<Connection> {
    const late = new AbortController();
    const cancel = this.#environment.after(
      connectTimeoutMs,
      () => late.abort(new TransportError("connecting took too long")),
    );
    try {
      const connection = await staggered({
        attempt: (signal) => this.#transport.connect(signal),
        discard: (unused) => unused.close(),
        everyMs: longestReconnectMs,
        atOnce: attemptsAtOnce,
        after: (delayMs, run) => this.#environment.after(delayMs, run),
        reconnectNow: (beginNow) => {
          this.#tryNow = beginNow;
          return () => this.#tryNow = () => {};
        },
        signal: AbortSignal.any([stop, late.signal]),
      });
      if (stop.aborted) {
        connection.close();
        throw new TransportError("stopped");
      }
      this.#connection = connection;
      void connection.closed.then(() => {
        if (this.#connection === connection) this.#connection = undefined;
      });
      return connection;
    } finally {
      cancel();
    }
  }

  /** The turn says when the server has really answered. */
  readonly confirm = (): void => {
    const transport = this.#connection?.transport;
    this.#setState({ kind: "connected", ...(transport && transport !== "QUIC" && { transport }) });
  };

  #setState(state: ConnectionState): void {
    if (state.kind === this.#state.kind && state.transport === this.#state.transport) return;
    this.#state = state;
    this.#onState(state);
  }
}

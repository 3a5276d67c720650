/**
 * Holds the one connection to the server. While a device is signed in, the manager keeps the connection up: it
 * connects, backs off and notices dead connections. Before that, each call connects when it is made.
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

/** How the session loop on a connection ended. */
export type SessionEnd =
  /** The connection is unusable: back off and connect again. */
  | "lost"
  /** The server drains (E040): connect again soon. */
  | "drained"
  /** Another engine of this device has connected since: stop until {@link ConnectionManager.takeBack}. */
  | "elsewhere"
  /** The session is over: stop. */
  | "ended";

/**
 * Runs on each connection until the connection or the session ends. Never rejects.
 *
 * @param signal aborts when the manager stops
 * @param progressed resets the back-off: the server has answered
 */
export type SessionLoop = (signal: AbortSignal, progressed: () => void) => Promise<SessionEnd>;

/** The one connection to the server, and the loop that keeps it up. */
export class ConnectionManager {
  readonly #transport: Transport;
  readonly #environment: Environment;
  readonly #onState: (state: ConnectionState) => void;
  #state: ConnectionState = { kind: "offline" };
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #sessionLoop: SessionLoop | undefined;
  #running: Promise<void> = Promise.resolve();
  #stop = new AbortController();
  /** Aborts the pause before the next attempt to connect. */
  #reconnectNow = new AbortController();
  /** Begins a further attempt to connect, while others are under way. */
  #attemptNow: () => void = () => {};
  /** Ends the wait after "elsewhere". */
  #takeBack: () => void = () => {};
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
   * For RpcClient: opens a stream on the present connection, or on a new one. While the session loop runs, only
   * the present connection is used.
   *
   * @throws TransportError
   */
  readonly openStream = async (signal?: AbortSignal): Promise<ByteStream> => {
    // A background task may outlive its engine. What it stores can be lost, so the server must not hear of it.
    if (this.#closed) throw new TransportError("the connection was closed");
    const connection = this.#connection ??
      (this.#connecting
        ? await this.#connecting
        : this.#sessionLoop
        ? undefined
        : await this.#connect(this.#stop.signal));
    if (!connection) throw new TransportError("no connection to the server");
    return await connection.openStream(signal);
  };

  /** Keeps a connection up and runs `sessionLoop` on each, until `stop`. */
  start(sessionLoop: SessionLoop): void {
    if (this.#sessionLoop || this.#closed) return;
    this.#sessionLoop = sessionLoop;
    this.#stop = new AbortController();
    this.#running = this.#run(sessionLoop, this.#stop.signal);
  }

  /** Ends the connection and the loop. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#dropConnection();
    await this.#running;
    this.#sessionLoop = undefined;
    this.#stop = new AbortController();
    this.#setState({ kind: "offline" });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.stop();
  }

  /**
   * The network came back or the device woke up. Connects now, and probes a connection from before: without the
   * probe a dead connection is noticed after half a minute only.
   */
  wake(): void {
    this.#reconnectNow.abort();
    this.#reconnectNow = new AbortController();
    this.#attemptNow();
    if (this.#connection && this.#sessionLoop && !this.#probing) void this.#probe(this.#connection);
  }

  async #probe(connection: Connection): Promise<void> {
    this.#probing = true;
    const alive = await answers(connection, this.#environment, wakeProbeMs);
    this.#probing = false;
    if (!alive && this.#connection === connection) this.#dropConnection();
  }

  /** Closes a connection that is dead or no longer wanted. */
  #dropConnection(connection: Connection | undefined = this.#connection): void {
    connection?.close();
    if (this.#connection === connection) this.#connection = undefined;
  }

  async #run(sessionLoop: SessionLoop, stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      this.#setState({ kind: "connecting" });
      let end: SessionEnd = "lost";
      try {
        await this.#connect(stop);
        end = await sessionLoop(stop, () => {
          failures = 0;
        });
      } catch {
        // Not connected: the same as a connection that was lost.
      }
      this.#dropConnection();
      if (stop.aborted) return;
      if (end === "ended") {
        this.#sessionLoop = undefined;
        this.#setState({ kind: "offline" });
        return;
      }
      if (end === "elsewhere") {
        failures = 0;
        await this.#untilTakenBack(stop);
        continue;
      }
      failures++;
      this.#setState({ kind: "connecting" });
      const delayMs = end === "drained"
        ? drainedMs(this.#environment.random())
        : backoffMs(failures, this.#environment.random(), longestReconnectMs);
      await pause(this.#environment, delayMs, AbortSignal.any([stop, this.#reconnectNow.signal]));
    }
  }

  /** Connects again after another engine of this device has taken the connection: the user wants it here. */
  takeBack(): void {
    this.#takeBack();
  }

  async #untilTakenBack(stop: AbortSignal): Promise<void> {
    this.#setState({ kind: "elsewhere" });
    await new Promise<void>((resolve) => {
      this.#takeBack = resolve;
      stop.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#takeBack = () => {};
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
          this.#attemptNow = beginNow;
          return () => this.#attemptNow = () => {};
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

  /** The session loop calls this when the server has answered on the present connection. */
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

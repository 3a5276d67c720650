/** The command daemon: holds the state, and serves JSON-RPC 2.0 at its socket, and on standard input and output. */

import { resolve } from "node:path";
import type { Command } from "../commands/command.ts";
import { Failure } from "../failure.ts";
import { wakeWithNetwork } from "../following.ts";
import { failureOfEvent } from "../session_failures.ts";
import type { Session } from "../session.ts";
import { maxConnections, maxLineBytes, maxOpenCalls } from "./bounds.ts";
import { execMethods } from "./exec.ts";
import { Holder } from "./holder.ts";
import { commandMethods } from "./methods.ts";
import { type Channel, Peer, tooMuch } from "./peer.ts";
import { rpcCodes, RpcFailure } from "./rpc_errors.ts";
import { listenFor, socketPath } from "./socket.ts";
import { subscriptionMethods } from "./subscriptions.ts";

/** `daemon`: serves until it is interrupted, the session ends, or standard input ends with `--stdio`. */
export const daemon: Command = async ({ session, invocation, output, interrupted }) => {
  const { statePath, options } = invocation;
  const files = typeof options.files === "string" ? resolve(options.files) : undefined;
  await session.requireSignedIn();
  const peers = new Peers(new Holder(session, files, invocation.timeoutMs));
  const listener = listenFor(statePath);
  const stopNetworkWatch = wakeWithNetwork(session);
  const accepting = peers.acceptFrom(listener);
  try {
    // Accepting ends before that only by an error.
    const over = Promise.race([whenOver(session, interrupted), accepting.then(() => new Promise<never>(() => {}))]);
    if (options.stdio === true) {
      await Promise.race([
        over,
        peers.serve({
          readable: Deno.stdin.readable,
          write: (bytes) => Deno.stdout.write(bytes),
          close: () => {},
        }),
      ]);
    } else {
      const socket = socketPath(statePath);
      await output.line(`listening at ${socket}`, { type: "daemon", socket, ...(files !== undefined && { files }) });
      await over;
    }
  } finally {
    stopNetworkWatch();
    // Deno deletes the socket with it.
    listener.close();
    await accepting.catch(() => {});
    await peers.stop(new RpcFailure(rpcCodes.ending, "the daemon ends", "start it again, or use qpq without it"));
  }
};

/** Resolves when it is interrupted. @throws Failure when the session has ended, goes on elsewhere, or is no session */
async function whenOver(session: Session, interrupted: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (interrupted.aborted) resolve();
  interrupted.addEventListener("abort", () => resolve(), { once: true });
  const unwatch = session.watch((event) => {
    const failure = failureOfEvent(event);
    if (failure) reject(failure);
  });
  try {
    await Promise.race([promise, session.orUntrusted()]);
  } finally {
    unwatch();
  }
}

/** The clients of the daemon. */
export class Peers {
  readonly #methods;
  readonly #peers = new Set<Peer>();

  constructor(holder: Holder) {
    this.#methods = {
      ...commandMethods(holder),
      ...execMethods(holder),
      ...subscriptionMethods(holder.session),
    };
  }

  /** Serves what connects, until the listener is closed. */
  async acceptFrom(listener: AsyncIterable<Channel>): Promise<void> {
    for await (const connection of listener) {
      if (this.#peers.size < maxConnections) void this.serve(connection);
      else void refuse(connection);
    }
  }

  /** Serves one client until it has gone. */
  async serve(channel: Channel): Promise<void> {
    const peer = new Peer(channel, {
      methods: this.#methods,
      uncounted: ["interrupt", "unsubscribe"],
      maxLineBytes,
      maxOpenCalls,
    });
    this.#peers.add(peer);
    try {
      await peer.run();
    } finally {
      this.#peers.delete(peer);
    }
  }

  /** Ends what is open with an error, and all connections. */
  async stop(error: Failure): Promise<void> {
    await Promise.all([...this.#peers].map((peer) => peer.stop(error)));
  }
}

/** Says why a client is not served. */
async function refuse(channel: Channel): Promise<void> {
  const error = tooMuch(`${maxConnections} connections to the daemon are open`, "wait until one has ended");
  const peer = new Peer(channel, { methods: {} });
  await peer.refuse(error).catch(() => {});
}

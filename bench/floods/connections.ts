/** Connections that an attack makes again whenever one ends. */

import type { Socket } from "node:net";

export interface Kept {
  connections: number;
  /** before one that has ended is made again, ms */
  pauseMs: number;
  /** @param index from 0; the same for the one that takes its place */
  connect(index: number): Socket;
}

/** Makes all at once, and keeps them until `signal` aborts. Resolves then. */
export async function keepConnections({ connections, pauseMs, connect }: Kept, signal: AbortSignal): Promise<void> {
  const open = new Set<Socket>();
  const again = (index: number) => {
    if (signal.aborted) return;
    const socket = connect(index);
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      setTimeout(() => again(index), pauseMs);
    });
  };
  for (let index = 0; index < connections; index++) again(index);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  for (const socket of open) socket.destroy();
}

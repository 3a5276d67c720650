/**
 * The socket of the daemon that holds a state: in a folder beside the state, open to its owner alone. Who can connect
 * can use the account, so a folder of somebody else, which could be there first in a folder that others can write, is
 * refused by both sides.
 */

import { resolve } from "node:path";
import { StateError } from "../storage/state_error.ts";

/** Bytes of a socket's path that every system takes (`sun_path`). */
const longestPath = 103;

/** @returns the absolute path of the socket of a state */
export function socketPath(statePath: string): string {
  return `${folderOf(statePath)}/socket`;
}

const folderOf = (statePath: string) => `${resolve(statePath)}-daemon`;

/**
 * Connects to the daemon that holds a state.
 *
 * @returns undefined where none runs
 * @throws StateError when the folder of the socket is not the owner's alone
 */
export async function connectTo(statePath: string): Promise<Deno.UnixConn | undefined> {
  const path = socketPath(statePath);
  if (Deno.build.os === "windows" || isTooLong(path)) return undefined;
  const folder = infoOf(folderOf(statePath));
  const state = infoOf(resolve(statePath));
  if (folder === undefined || state === undefined) return undefined;
  checkFolder(folderOf(statePath), folder, state);
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    // What a killed daemon has left.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}

/**
 * Makes the socket, in place of one that a killed daemon has left: only who holds the state may call this.
 *
 * @throws StateError
 */
export function listenFor(statePath: string): Deno.UnixListener {
  const path = socketPath(statePath);
  if (Deno.build.os === "windows") {
    throw new StateError("there are no such sockets on this system", "use qpq without a daemon");
  }
  if (isTooLong(path)) {
    throw new StateError(`${path} is too long for a socket`, "put the state into a folder with a shorter name");
  }
  const folder = folderOf(statePath);
  try {
    if (infoOf(folder) === undefined) Deno.mkdirSync(folder, { mode: 0o700 });
    checkFolder(folder, Deno.lstatSync(folder), Deno.lstatSync(resolve(statePath)));
    if (infoOf(path) !== undefined) Deno.removeSync(path);
    const listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    return listener;
  } catch (error) {
    if (error instanceof StateError) throw error;
    throw new StateError(
      `${path} can not be made: ${(error as Error).message}`,
      "put the state into a folder that you can write",
    );
  }
}

function isTooLong(path: string): boolean {
  return new TextEncoder().encode(path).length > longestPath;
}

function checkFolder(path: string, folder: Deno.FileInfo, state: Deno.FileInfo): void {
  const isOpen = ((folder.mode ?? 0) & 0o077) !== 0;
  if (folder.isDirectory && !isOpen && folder.uid === state.uid) return;
  throw new StateError(
    `${path} is not a folder of the state's owner alone`,
    "somebody else may have made it: look, and delete it; a daemon makes it anew",
  );
}

function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

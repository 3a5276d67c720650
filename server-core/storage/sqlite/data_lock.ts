/**
 * The locks of a data directory: one server at most, and no other process while its files are replaced
 * (`restore`, `rekey`). They are locks of the operating system on two empty files, so they end with the
 * process in any case. Not every network file system shares them between machines, so a data directory
 * belongs on a local disk.
 */

import { DataInUseError } from "../errors.ts";

/**
 * server: serves it. command: reads it or changes rows, beside a server. replacing: exchanges its files,
 * without any other process.
 */
export type DataUse = "server" | "command" | "replacing";

export interface DataLock {
  /** Releases the directory; idempotent. */
  release(): void;
}

/** Every process locks it: server and commands shared, a command that replaces files exclusively. */
const useFile = "use.lock";
const serverFile = "server.lock";

/** `status` tests the server's lock for a moment. A server that starts just then tries again. */
const serverTries = 20;
const tryEveryMs = 50;

/**
 * @param dataDir is made if missing
 * @throws DataInUseError
 */
export async function lockData(dataDir: string, use: DataUse): Promise<DataLock> {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const shared = openLock(`${dataDir}/${useFile}`);
  if (!shared.tryLockSync(use === "replacing")) {
    shared.close();
    if (use !== "replacing") throw new DataInUseError(`${dataDir} is being restored or rekeyed`);
    throw new DataInUseError(isServed(dataDir) ? `a server runs on ${dataDir}` : `another command works on ${dataDir}`);
  }
  const files = [shared];
  if (use === "server") {
    const server = openLock(`${dataDir}/${serverFile}`);
    files.push(server);
    for (let tries = 1; !server.tryLockSync(true); tries++) {
      if (tries === serverTries) {
        for (const file of files) file.close();
        throw new DataInUseError(`another server runs on ${dataDir}`);
      }
      await new Promise((resolve) => setTimeout(resolve, tryEveryMs));
    }
  }
  return { release: () => files.splice(0).forEach((file) => file.close()) };
}

/** @returns whether a server holds the directory right now */
export function isServed(dataDir: string): boolean {
  try {
    using file = Deno.openSync(`${dataDir}/${serverFile}`, { read: true });
    return !file.tryLockSync(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function openLock(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
}

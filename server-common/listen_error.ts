/** What an operator is told when a server can not listen where its configuration says. */

import { ConfigError } from "./config.ts";

/** Where a server wanted to listen, and the settings that say so. */
export interface Place {
  /** An IP literal. */
  address: string;
  port: number;
  /** The key of the port, and the key of the address where that is another. */
  portKey: string;
  addressKey?: string;
}

/** Ports below it are for root, or for who has CAP_NET_BIND_SERVICE (capabilities(7)). */
const firstFreePort = 1024;

/** Linux's numbers of the errors that Deno and Node name differently (errno.h). */
const codes: Record<string, string> = { "13": "EACCES", "98": "EADDRINUSE", "99": "EADDRNOTAVAIL" };

/**
 * @param error what listening failed with: of `Deno.listen…`, of Node's servers, or another
 * @param place where it was tried
 * @returns one sentence that names the setting; any other error as it is
 */
export function listenError(error: unknown, { address, port, portKey, addressKey = portKey }: Place): unknown {
  const where = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return new ConfigError(portKey, `${where} is in use by another program: end that, or name another port`);
    case "EADDRNOTAVAIL":
      return new ConfigError(addressKey, `${where} is no address of this machine`);
    case "EACCES":
      // Of another port it is about a file.
      if (port >= firstFreePort) return error;
      return new ConfigError(
        portKey,
        `${where} needs rights that this user does not have: name a port from ${firstFreePort}`,
      );
    default:
      return error;
  }
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof Deno.errors.AddrInUse) return "EADDRINUSE";
  if (error instanceof Deno.errors.AddrNotAvailable) return "EADDRNOTAVAIL";
  if (error instanceof Deno.errors.PermissionDenied) return "EACCES";
  const { code, message } = error as { code?: string; message?: string };
  // Deno's Node servers have the system's number in their message where they have no code.
  return code ?? codes[/\(os error (\d+)\)/.exec(message ?? "")?.[1] ?? ""];
}

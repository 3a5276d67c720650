/**
 * An HTTP server in a process of its own, for tests that might end it. Prints its port.
 *
 * Arguments: `plain` or `tls`, connections in all, and connections of an address; without them HTTPS as for few
 * clients.
 */

import { HttpServer } from "../http_server.ts";
import { makeLog } from "../log.ts";
import { textResponse } from "../text_response.ts";
import { makePair } from "./http_pair.ts";

// As the servers do. Deno opens a pipe for signals when they are first asked for; without a descriptor it panics.
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));

const [scheme, connections, connectionsPerAddress] = Deno.args;

const server = await HttpServer.listen({
  bind: "127.0.0.1",
  port: 0,
  tls: scheme === "plain" ? undefined : await makePair(),
  places: connections
    ? { connections: Number(connections), connectionsPerAddress: Number(connectionsPerAddress) }
    : undefined,
  handle: () => textResponse(200, "here"),
  log: makeLog("info"),
});
console.log(server.port);

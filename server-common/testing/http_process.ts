/** An HTTPS server in a process of its own, for tests that might end it. Prints its port. */

import { HttpServer } from "../http_server.ts";
import { textResponse } from "../text_response.ts";
import { makePair } from "./http_pair.ts";

const server = await HttpServer.listen({
  bind: "127.0.0.1",
  port: 0,
  tls: await makePair(),
  handle: () => textResponse(200, "here"),
});
console.log(server.port);

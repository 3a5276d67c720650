/**
 * A client of HTTP/2 that opens and resets 2,000 streams. A process of its own, because Deno 2.9.6's client of
 * HTTP/2 sometimes ends its process here. The argument is the server's port.
 */

import { connect } from "node:http2";

const session = connect(`https://localhost:${Deno.args[0]}`, { rejectUnauthorized: false });
session.on("error", () => {});
for (let count = 0; count < 2_000 && !session.destroyed; count++) {
  const stream = session.request({ ":path": "/" });
  stream.on("error", () => {});
  stream.close();
  if (count % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
Deno.exit(0);

/** A request over node:http or node:https, with the whole answer. */

import type { IncomingHttpHeaders } from "node:http";
import { get as httpsGet } from "node:https";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const longestMs = 30_000;

/** A request to this machine under a public name. */
export function ask(get: typeof httpsGet, url: string, ca?: string): Promise<Answer> {
  const { hostname, port, pathname, protocol } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = {
      hostname: "127.0.0.1",
      port: port || (protocol === "https:" ? 443 : 80),
      path: pathname,
      headers: { host: hostname },
      servername: hostname,
      ca,
    };
    const request = get(options, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on(
        "end",
        () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces).toString() }),
      );
    }).on("error", reject);
    request.setTimeout(longestMs, () => request.destroy(new Error(`no answer from ${url}`)));
  });
}

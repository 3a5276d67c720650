/**
 * The storage thread. It owns the database, so that an fsync never blocks the event loop that serves
 * connections.
 */

import { DatabaseHost, type FromHost, type ToHost } from "./database_host.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ToHost>) => void;
  postMessage(message: FromHost): void;
};
const host = new DatabaseHost();

scope.onmessage = ({ data }) => scope.postMessage(host.answer(data));

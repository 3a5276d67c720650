/**
 * A client without a view, as a process of its own: the engine of `qpq` over standard input and output, a JSON
 * object a line. In: `{ id, method, args }`, a call of the engine. Out: `{ id, result }` or `{ id, error }`, and
 * `{ event }` for each event. It ends with its input.
 *
 * Usage: engine_process.ts STATE_FILE HOST:PORT PIN
 */

import { fromHex } from "../schema/bytes.ts";
import { Session } from "../cli/session.ts";
import { SqliteStorage } from "../cli/storage/sqlite_storage.ts";
import { QuicTransport } from "../cli/transport/quic.ts";
import { Lines } from "../cli/testing/lines.ts";
import { callEngine, type EngineMethod } from "../web/engine/engine_methods.ts";

const [statePath, address, pin] = Deno.args;
const [hostname, port] = address.split(":");
const encoder = new TextEncoder();

/** Synchronous: what was told before a kill is told. */
function tell(line: object): void {
  const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

const session = await Session.open({
  storage: SqliteStorage.open(statePath),
  transport: new QuicTransport({ hostname, port: Number(port), trust: { pin: fromHex(pin) } }),
  timeoutMs: 30_000,
  output: { note: (text) => console.error(text), progress: () => {} },
});
session.watch((event) => tell({ event }));
tell({ event: { kind: "open" } });

const input = new Lines(Deno.stdin.readable);
for (let line = await input.next(); line !== ""; line = await input.next()) {
  const { id, method, args } = JSON.parse(line) as { id: number; method: EngineMethod; args: unknown[] };
  callEngine(session.engine, method, args).then(
    (result) => tell({ id, result: result ?? null }),
    (error) => tell({ id, error: error?.code ?? String(error) }),
  );
}
await session.close();
Deno.exit(0);

/** What a device does whose profile is also open elsewhere. */

import assert from "node:assert/strict";
import { ErrorCode, isWireError, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry } from "../../schema/rpc/methods.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { Handlers } from "../../schema/rpc/server.ts";
import type { ConnectionState } from "../api/engine_api.ts";
import { systemEnvironment } from "../runtime/environment.ts";
import { openingTo } from "../testing/call_server.ts";
import { ConnectionManager, type SessionEnd } from "./connection_manager.ts";
import { listen } from "./subscription.ts";
import type { Connection } from "./transport.ts";

/** Listens to a server with these handlers. */
async function listening(handlers: Handlers<undefined>, cursor = 0): Promise<{ end: SessionEnd; told: string[] }> {
  const told: string[] = [];
  const end = await listen({
    rpc: new RpcClient(openingTo(handlers, () => undefined)),
    environment: systemEnvironment,
    recipientKey: new Uint8Array(32),
    cursor: () => cursor,
    opening: () => Promise.resolve({ run: new Uint8Array(16), mark: new Uint8Array(16), before: [] }),
    copied: async () => {
      await Promise.resolve();
      told.push("copied");
    },
    receive: () => {
      told.push("entries");
      return Promise.resolve();
    },
    caughtUp: () => told.push("caught up"),
    answered: ({ held, copied }) =>
      void told.push(["answered", ...(held ? ["held"] : []), ...(copied ? ["copied"] : [])].join(", ")),
    restart: () => {
      told.push("restart");
      return Promise.resolve();
    },
    failed: (error) => void (isWireError(error, ErrorCode.cursorAhead) && told.push("failed")),
  }, new AbortController().signal);
  return { end, told };
}

const elsewhere = new WireError(ErrorCode.openElsewhere, "a newer connection");

const element = (word: { copied?: true; held?: true } = {}, entries: Entry[] = []) => ({
  entries,
  copied: false,
  held: false,
  ...word,
});
const oneEntry = [{ seq: 1 } as Entry];

/** Listens to a server that says this, and then that another engine has connected. */
const hearing = (...elements: ReturnType<typeof element>[]) =>
  listening(
    new Handlers<undefined>().stream(delivery.subscribeAs, async function* () {
      await Promise.resolve();
      yield* elements;
      throw elsewhere;
    }),
  );

Deno.test("PEOPLE B3: listen() reads what waits before it deals with a copy, and stays away after E041", async () => {
  const { end, told } = await hearing(
    element({ copied: true, held: true }),
    element({}, oneEntry),
    element(),
    element({ copied: true }),
  );
  assert.deepEqual([end, told], [
    "elsewhere",
    ["answered, held, copied", "entries", "copied", "caught up", "copied"],
  ]);
  const late = await hearing(element({ held: true }), element({}, oneEntry), element({ copied: true }), element());
  assert.deepEqual(late.told, ["answered, held", "entries", "copied", "caught up"]);
  // The server says the one again at the next connection, and the other one not.
  const cut = await hearing(element({ copied: true }), element({}, oneEntry));
  assert.deepEqual(cut.told, ["answered, copied", "entries"]);
  const lateCut = await hearing(element({ held: true }), element({}, oneEntry), element({ copied: true }));
  assert.deepEqual(lateCut.told, ["answered, held", "entries", "copied"]);
});

Deno.test("PEOPLE B3: listen() deals with a copy at once where messages may be under way", async () => {
  const { told } = await hearing(element({}, oneEntry), element({ copied: true }), element({}, oneEntry), element());
  assert.deepEqual(told, ["answered", "entries", "copied", "entries", "caught up"]);
});

Deno.test("PEOPLE B3: listen() subscribes as before where the server knows nothing of runs", async () => {
  const { end, told } = await listening(
    new Handlers<undefined>().stream(delivery.subscribe, async function* () {
      yield { entries: [] };
      await Promise.resolve();
      throw new WireError(ErrorCode.draining, "replaced");
    }),
  );
  assert.deepEqual([end, told], ["drained", ["answered", "caught up"]]);
});

Deno.test("PEOPLE B3: after E041 the manager connects again only when it is told to", async () => {
  let connects = 0;
  const connect = (): Promise<Connection> => {
    connects++;
    const { promise: closed, resolve } = Promise.withResolvers<{ reason: string }>();
    const close = () => resolve({ reason: "closed" });
    return Promise.resolve({ transport: "QUIC", closed, close, openStream: () => Promise.reject(new Error("none")) });
  };
  let waitsMs = 0;
  const states: ConnectionState["kind"][] = [];
  const told = { elsewhere: Promise.withResolvers<void>(), over: Promise.withResolvers<void>() };
  const manager = new ConnectionManager({
    transport: { connect },
    environment: {
      ...systemEnvironment,
      after: (delayMs, run) => {
        waitsMs += delayMs;
        return systemEnvironment.after(delayMs, run);
      },
    },
    onState: ({ kind }) => {
      states.push(kind);
      if (kind === "elsewhere") told.elsewhere.resolve();
    },
  });
  const ends: SessionEnd[] = ["elsewhere", "ended"];
  manager.start(() => {
    if (ends.length === 1) told.over.resolve();
    return Promise.resolve(ends.shift()!);
  });
  await told.elsewhere.promise;
  waitsMs = 0;
  manager.wake();
  await assert.rejects(manager.openStream(), /no connection/);
  assert.deepEqual([connects, states.at(-1), waitsMs], [1, "elsewhere", 0], "no timer runs that would connect");
  manager.takeBack();
  await told.over.promise;
  assert.equal(connects, 2);
  await manager.close();
});

Deno.test("SERVERS 1: listen() begins at 0 after E018, and tells nobody unless that is refused", async () => {
  const refusing = new Handlers<undefined>().stream(delivery.subscribeAs, async function* () {
    await Promise.resolve();
    yield element({ held: true });
    throw new WireError(ErrorCode.cursorAhead, "too high");
  });
  assert.deepEqual(await listening(refusing, 5), { end: "lost", told: ["answered, held", "restart"] });
  assert.deepEqual(await listening(refusing, 0), { end: "lost", told: ["answered, held", "failed"] });
});

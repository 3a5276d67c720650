/** What one client may use, and that the others have the rest: the daemon's clients over real sockets. */

import assert from "node:assert/strict";
import type { Session } from "../session.ts";
import { RpcClient, type Said } from "../testing/rpc_client.ts";
import { maxConnections, maxLineBytes, maxOpenCalls } from "./bounds.ts";
import { Peers } from "./daemon.ts";
import { Holder } from "./holder.ts";
import { RpcFailure } from "./rpc_errors.ts";

/** Serves a session on which `whoami` is answered at once, and `chats` waits for the server until it is released. */
async function serving(
  test: (parts: { peers: Peers; connect(): Promise<RpcClient>; release(): void }) => Promise<void>,
) {
  const folder = Deno.makeTempDirSync({ prefix: "qpq-cli-" });
  const path = `${folder}/socket`;
  const { promise, resolve } = Promise.withResolvers<void>();
  const session = {
    within: () => session,
    watch: () => () => {},
    requireSignedIn: () => Promise.resolve({ username: "anna", accountKey: "00", deviceId: "01" }),
    synced: () => promise,
    settled: () => Promise.resolve(),
    engine: { chats: () => Promise.resolve([]) },
  };
  const peers = new Peers(new Holder(session as unknown as Session, undefined, 30_000));
  const listener = Deno.listen({ transport: "unix", path });
  const accepting = peers.acceptFrom(listener);
  const clients: RpcClient[] = [];
  const connect = async () => {
    const client = await RpcClient.connect(path);
    clients.push(client);
    return client;
  };
  try {
    await test({ peers, connect, release: resolve });
  } finally {
    resolve();
    for (const client of clients) client.close();
    listener.close();
    await accepting;
    await peers.stop(new RpcFailure(-32_002, "over"));
    Deno.removeSync(folder, { recursive: true });
  }
}

const nameOf = async (client: RpcClient) => (await client.result("whoami")).username;
const codeOf = ({ error }: Said) => error?.code;
const leaky = { sanitizeOps: false, sanitizeResources: false };

Deno.test("a line of 1 MiB is served, a longer one gets an error, and the connection goes on", leaky, async () => {
  await serving(async ({ connect }) => {
    const client = await connect();
    const call = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "whoami" });
    await client.send(call.padEnd(maxLineBytes));
    assert.equal((await client.next()).id, 1);
    await client.send(call.padEnd(maxLineBytes + 1));
    const { id, error } = await client.next();
    assert.deepEqual([id, error?.code, error?.message], [null, -32_001, "a line may have at most 1048576 bytes"]);
    assert.equal(await nameOf(client), "anna");
  });
});

Deno.test("32 connections are served, one more is told so, and has a place when another ends", leaky, async () => {
  await serving(async ({ connect }) => {
    const clients: RpcClient[] = [];
    for (let count = 0; count < maxConnections; count++) clients.push(await connect());
    for (const client of clients) assert.equal(await nameOf(client), "anna");
    const refused = await connect();
    const { id, error } = await refused.next();
    assert.deepEqual([id, error?.code, error?.message], [null, -32_001, "32 connections to the daemon are open"]);
    await assert.rejects(refused.next());
    assert.equal(await nameOf(clients[0]), "anna");
    clients[1].close();
    // The daemon learns of the end by itself.
    for (let isServed = false; !isServed;) {
      const next = await connect();
      isServed = await nameOf(next).then(() => true, () => false);
    }
  });
});

Deno.test("a connection has 16 calls open, one more is refused, and other connections go on", leaky, async () => {
  await serving(async ({ connect, release }) => {
    const [busy, other] = [await connect(), await connect()];
    for (let count = 0; count < maxOpenCalls; count++) await busy.begin("chats");
    const refused = await busy.call("whoami");
    assert.deepEqual([codeOf(refused), refused.error?.message], [-32_001, "16 calls of this connection are open"]);
    assert.equal(await nameOf(other), "anna");
    release();
    for (let count = 1; count <= maxOpenCalls; count++) assert.deepEqual((await busy.next()).result, []);
    assert.equal(await nameOf(busy), "anna");
  });
});

Deno.test("the calls of a batch count one by one", leaky, async () => {
  await serving(async ({ connect, release }) => {
    const client = await connect();
    const calls = Array.from({ length: maxOpenCalls + 2 }, (_, id) => ({ jsonrpc: "2.0", id, method: "chats" }));
    await client.send(JSON.stringify(calls));
    release();
    const answers = await client.next() as Said[];
    assert.deepEqual(answers.map(codeOf), calls.map(({ id }) => id < maxOpenCalls ? undefined : -32_001));
  });
});

Deno.test("a client that takes no answers has no more calls read, and holds up itself alone", leaky, async () => {
  await serving(async ({ peers, connect }) => {
    let read = 0;
    const call = new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"whoami"}\n');
    const isStuck = Promise.withResolvers<void>();
    const deaf = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(call);
        if (++read > maxOpenCalls) isStuck.resolve();
      },
    }, { highWaterMark: 0 });
    const never = new Promise<number>(() => {});
    void peers.serve({ readable: deaf, write: () => never, close: () => {} });
    await isStuck.promise;
    const other = await connect();
    for (let count = 0; count < 100; count++) assert.equal(await nameOf(other), "anna");
    assert.equal(read, maxOpenCalls + 1, "the one that is refused waits until it can be told");
  });
});

Deno.test("the end of the daemon ends open calls with an error, and new ones", leaky, async () => {
  await serving(async ({ peers, connect }) => {
    const client = await connect();
    const id = await client.begin("chats");
    assert.equal(await nameOf(await connect()), "anna");
    await client.call("unknown");
    const stopped = peers.stop(new RpcFailure(-32_002, "the daemon ends", "start it again"));
    assert.deepEqual(await client.next(), {
      jsonrpc: "2.0",
      id,
      error: { code: -32_002, message: "the daemon ends", data: { hint: "start it again", exitCode: 1 } },
    });
    await stopped;
    await assert.rejects(client.next());
  });
});

Deno.test("what is no call gets an error of JSON-RPC 2.0, and the connection goes on", leaky, async () => {
  await serving(async ({ connect }) => {
    const client = await connect();
    const answer = async (line: string) => {
      await client.send(line);
      const { id, error } = await client.next();
      return [id, error?.code];
    };
    assert.deepEqual(await answer("{"), [null, -32_700]);
    for (const line of ["null", "7", '"text"', "[]", "{}", '{"jsonrpc":"1.0","id":1,"method":"whoami"}']) {
      assert.deepEqual(await answer(line), [null, -32_600], line);
    }
    assert.deepEqual(await answer('{"jsonrpc":"2.0","id":{},"method":"whoami"}'), [null, -32_600]);
    assert.deepEqual(await answer('{"jsonrpc":"2.0","id":1,"method":7}'), [null, -32_600]);
    assert.deepEqual(await answer('{"jsonrpc":"2.0","id":2,"method":"constructor"}'), [2, -32_601]);
    for (
      const [method, params] of [
        ["whoami", { other: 1 }],
        ["send", {}],
        ["send", { group: "talk", text: ["list"] }],
        ["groups.join", { group: "-" }],
        ["history", ["talk", 1, 2]],
        ["exec", {}],
        ["exec", { command: "constructor", args: [], options: {}, timeoutMs: 1 }],
        ["exec", { command: "recv", args: [], options: { constructor: true }, timeoutMs: 1 }],
        ["exec", { command: "recv", args: ["a", "b"], options: {}, timeoutMs: 1 }],
        ["subscribe", { mark: "a b" }],
        ["unsubscribe", { subscription: "9" }],
      ] as const
    ) assert.equal(codeOf(await client.call(method, params)), -32_602, method);
    // Notifications and blank lines have no answer; of a batch the calls have theirs in one line.
    await client.send(`\n{"jsonrpc":"2.0","method":"whoami"}`);
    await client.send(`[{"jsonrpc":"2.0","method":"whoami"},{"jsonrpc":"2.0","id":"a","method":"whoami"}]`);
    assert.deepEqual((await client.next() as Said[]).map(({ id }) => id), ["a"]);
    assert.equal(await nameOf(client), "anna");
  });
});

Deno.test("who sends nothing more still has the answers to what it has called", leaky, async () => {
  await serving(async ({ peers, release }) => {
    const answers: string[] = [];
    const calls = new TextEncoder().encode(`{"jsonrpc":"2.0","id":1,"method":"chats"}`);
    const served = peers.serve({
      readable: new Blob([calls]).stream(),
      write: (bytes) => Promise.resolve(answers.push(new TextDecoder().decode(bytes)) && bytes.length),
      close: () => {},
    });
    release();
    await served;
    assert.deepEqual(answers, ['{"jsonrpc":"2.0","id":1,"result":[]}\n']);
  });
});

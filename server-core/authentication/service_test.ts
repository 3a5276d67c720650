import assert from "node:assert/strict";
import { authentication } from "../../schema/rpc/methods.ts";
import { Handlers } from "../../schema/rpc/server.ts";
import type { CallContext } from "../../schema/rpc/server.ts";
import { opaqueSuite, registrationBytes } from "../../schema/signed_call.ts";
import { signEd25519 } from "../../schema/ed25519.ts";
import type { Caller } from "../caller.ts";
import { OpaquePool } from "../opaque/pool.ts";
import { generateOpaqueServerKeys } from "../opaque/server_keys.ts";
import { startLogin, startRegistration } from "../opaque/testing/opaque_client.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite_store.ts";
import { authorizeCall } from "./authorize.ts";
import { authenticationHandlers } from "./handlers.ts";
import { Sessions } from "./sessions.ts";
import { Rig, TestAccount } from "./testing/rig.ts";

/** The service as the server runs it: SQLite in its thread, OPAQUE in threads. */
async function start(dataDir: string) {
  const store = await openSqliteStore({ dataDir, key: "a database key" });
  const opaque = new OpaquePool({
    keys: await store.accounts.ensureOpaqueServerKeys(await generateOpaqueServerKeys()),
    workers: 1,
  });
  const handlers = new Handlers<Caller>();
  const sessions = new Sessions({ accounts: store.accounts, clock: Date.now });
  const deps = { store, opaque, sessions, config: { registration: "open" as const }, clock: Date.now };
  authenticationHandlers(handlers, deps);
  const authorize = authorizeCall(deps);
  const anyone: CallContext<Caller> = {
    caller: { kind: "anyone", remoteAddress: "192.0.2.1" },
    signal: new AbortController().signal,
    chunks: async function* () {},
  };
  // deno-lint-ignore no-explicit-any
  const call = (method: any, params: unknown): Promise<any> => (handlers.get(method) as any).run(params, anyone);
  return {
    call,
    authorize,
    stop: async () => {
      opaque.close();
      await store.close();
    },
  };
}

Deno.test("an account outlives a restart of the server with OPAQUE keys, record and session", async () => {
  const dataDir = await Deno.makeTempDir();
  const alice = await TestAccount.create(new Rig(), "alice");
  try {
    let service = await start(dataDir);
    const { request, finish } = await startRegistration("right", "alice");
    const { response } = await service.call(authentication.registerStart, {
      suite: opaqueSuite,
      username: "alice",
      request,
    });
    const { record } = await finish(response);
    const params = await alice.registrationOf(record);
    assert.deepEqual(
      params.deviceSignature,
      await signEd25519(alice.device.seed, await registrationBytes(record, "alice", params.vault)),
    );
    const { accessToken } = await service.call(authentication.registerFinish, params);
    await service.stop();

    service = await start(dataDir);
    const caller = await service.authorize(authentication.getVault as never, {
      version: 1,
      accessToken,
      deviceId: alice.device.deviceId,
    }, "192.0.2.1");
    assert.deepEqual([caller.kind, caller.enrolled, caller.accountKey], ["device", true, alice.list.accountKey]);
    const login = await startLogin("right", "alice");
    const { ke2 } = await service.call(authentication.loginStart, {
      suite: opaqueSuite,
      username: "alice",
      ke1: login.ke1,
    });
    assert.ok(!(await login.finish(ke2) instanceof Error));
    await service.stop();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

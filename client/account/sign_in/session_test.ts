import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { authentication, delivery } from "../../../schema/rpc/methods.ts";
import { Handlers } from "../../../schema/rpc/server.ts";
import { openingTo } from "../../testing/call_server.ts";
import { sessionAuth, SessionRpc } from "./session.ts";

const token = new Uint8Array(32).fill(1);
const deviceId = new Uint8Array(16).fill(2);

/** A server whose answers are errors with these codes; 0 is a success. */
function setting(codes: { search?: number; count?: number; subscribe?: number }) {
  const ended: string[] = [];
  const refusing = (code = 0) => {
    if (code > 0) throw new WireError(code, "no");
  };
  const handlers = new Handlers<undefined>()
    .unary(authentication.searchUsers, async () => {
      await Promise.resolve();
      refusing(codes.search);
      return { usernames: [] };
    })
    .unary(authentication.countKeyPackages, async () => {
      await Promise.resolve();
      refusing(codes.count);
      return { available: 0, lastResort: false };
    })
    .stream(delivery.subscribe, async function* () {
      yield { entries: [] };
      await Promise.resolve();
      refusing(codes.subscribe);
    });
  const seen: Uint8Array[] = [];
  const open = openingTo(handlers, (_method, auth) => void seen.push(auth.accessToken, auth.deviceId));
  return { rpc: new SessionRpc(open, sessionAuth(token, deviceId), (code) => void ended.push(code)), ended, seen };
}

const search = { prefix: "a", limit: 1 };

Deno.test("SessionRpc calls with its token and device, and reports nothing without an error", async () => {
  const { rpc, ended, seen } = setting({});
  await rpc.call(authentication.searchUsers, search);
  assert.deepEqual(seen, [token, deviceId]);
  assert.deepEqual(ended, []);
});

Deno.test("SessionRpc reports the end of the session once, on E001 and E002 of calls and streams", async () => {
  const { rpc, ended } = setting({ search: ErrorCode.unauthenticated, subscribe: ErrorCode.sessionExpired });
  await assert.rejects(rpc.call(authentication.searchUsers, search), WireError);
  await assert.rejects(rpc.call(authentication.searchUsers, search), WireError);
  assert.deepEqual(ended, ["E001"]);
  const other = setting({ subscribe: ErrorCode.sessionExpired });
  await assert.rejects(
    Array.fromAsync(other.rpc.stream(delivery.subscribe, { recipientKey: new Uint8Array(32), after: 0 })),
    WireError,
  );
  assert.deepEqual(other.ended, ["E002"]);
});

Deno.test("SessionRpc takes E003 for the end only when the device's own stock is forbidden as well", async () => {
  const forbidden = ErrorCode.forbidden;
  const single = setting({ search: forbidden });
  await assert.rejects(single.rpc.call(authentication.searchUsers, search), WireError);
  assert.deepEqual(single.ended, []);
  const all = setting({ search: forbidden, count: forbidden });
  await assert.rejects(all.rpc.call(authentication.searchUsers, search), WireError);
  assert.deepEqual(all.ended, ["revoked"]);
});

Deno.test("SessionRpc reports a revoked device when the revocation has ended the session", async () => {
  const { rpc, ended } = setting({ subscribe: ErrorCode.unauthenticated, count: ErrorCode.forbidden });
  await assert.rejects(
    Array.fromAsync(rpc.stream(delivery.subscribe, { recipientKey: new Uint8Array(32), after: 0 })),
    WireError,
  );
  assert.deepEqual(ended, ["revoked"]);
});

Deno.test("SessionRpc does not end on other errors", async () => {
  const { rpc, ended } = setting({ search: ErrorCode.rateLimited });
  await assert.rejects(rpc.call(authentication.searchUsers, search), WireError);
  assert.deepEqual(ended, []);
});

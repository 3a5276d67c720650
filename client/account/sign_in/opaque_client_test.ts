import {
  CredentialFile,
  getOpaqueConfig,
  KE1,
  KE3,
  OpaqueID,
  OpaqueServer,
  RegistrationRecord,
  RegistrationRequest,
} from "@cloudflare/opaque-ts";
import assert from "node:assert/strict";
import { sha256, toHex } from "../../../schema/bytes.ts";
import { EngineError } from "../../api/errors.ts";
import { type OpaqueSuite, startLogin, startRegistration, suite1 } from "./opaque_client.ts";

/** Not for use: passwords would be cheap to guess. */
const cheapSuite: OpaqueSuite = { tag: suite1.tag, harden: (y) => sha256(y) };

/** A server that follows server-core/opaque/suite.ts. */
async function server() {
  const config = getOpaqueConfig(OpaqueID.OPAQUE_P256);
  const pair = await config.ake.generateAuthKeyPair();
  const opaque = new OpaqueServer(config, config.prng.random(32), pair);
  const good = <T>(result: T | Error): T => {
    if (result instanceof Error) throw result;
    return result;
  };
  return {
    async register(request: Uint8Array, username: string) {
      return Uint8Array.from(
        good(await opaque.registerInit(RegistrationRequest.deserialize(config, Array.from(request)), username))
          .serialize(),
      );
    },
    async login(ke1: Uint8Array, record: Uint8Array, username: string, context = suite1.tag) {
      const file = new CredentialFile(username, RegistrationRecord.deserialize(config, Array.from(record)), username);
      const { ke2, expected } = good(
        await opaque.authInit(
          KE1.deserialize(config, Array.from(ke1)),
          file.record,
          file.credential_identifier,
          file.client_identity,
          context,
        ),
      );
      return {
        ke2: Uint8Array.from(ke2.serialize()),
        finish: (ke3: Uint8Array) => opaque.authFinish(KE3.deserialize(config, Array.from(ke3)), expected),
      };
    },
  };
}

const wrong = (error: unknown, code: string) => error instanceof EngineError && error.problem.code === code;

Deno.test("startLogin() agrees with the server on a session key, and gives the registration's export key", async () => {
  const { register, login } = await server();
  const registration = await startRegistration("correct horse battery", "alice", cheapSuite);
  assert.equal(registration.request.length, 33);
  const { record, exportKey } = await registration.finish(await register(registration.request, "alice"));
  assert.deepEqual([record.length, exportKey.length], [129, 32]);
  const started = await startLogin("correct horse battery", "alice", cheapSuite);
  const { ke2, finish } = await login(started.ke1, record, "alice");
  const finished = await started.finish(ke2);
  assert.equal(toHex(finished.exportKey), toHex(exportKey));
  const atServer = await finish(finished.ke3);
  assert.ok(!(atServer instanceof Error));
  assert.equal(toHex(Uint8Array.from(atServer.session_key)), toHex(finished.sessionKey));
});

Deno.test("startLogin() rejects with L022 for another password, function, name or context", async () => {
  const { register, login } = await server();
  const registration = await startRegistration("correct horse battery", "alice", cheapSuite);
  const { record } = await registration.finish(await register(registration.request, "alice"));
  const attempt = async (password: string, username: string, suite: OpaqueSuite) => {
    const started = await startLogin(password, username, suite);
    return await started.finish((await login(started.ke1, record, "alice")).ke2);
  };
  await attempt("correct horse battery", "alice", cheapSuite);
  await assert.rejects(attempt("wrong horse battery", "alice", cheapSuite), (error) => wrong(error, "L022"));
  await assert.rejects(
    attempt("correct horse battery", "alice", { ...cheapSuite, harden: (y) => sha256(y, y) }),
    (error) => wrong(error, "L022"),
  );
  await assert.rejects(attempt("correct horse battery", "alicia", cheapSuite), (error) => wrong(error, "L022"));
  await assert.rejects(
    attempt("correct horse battery", "alice", { ...cheapSuite, tag: "qpq-opaque-2" }),
    (error) => wrong(error, "L022"),
  );
});

Deno.test("startLogin() and startRegistration() refuse malformed answers", async () => {
  const registration = await startRegistration("correct horse battery", "alice", cheapSuite);
  for (const answer of [new Uint8Array(), new Uint8Array(65), new Uint8Array(67)]) {
    await assert.rejects(registration.finish(answer), (error) => wrong(error, "L020"));
  }
  const started = await startLogin("correct horse battery", "alice", cheapSuite);
  for (const answer of [new Uint8Array(258), new Uint8Array(260)]) {
    await assert.rejects(started.finish(answer), (error) => wrong(error, "L020"));
  }
  await assert.rejects(started.finish(new Uint8Array(259).fill(255)), (error) => wrong(error, "L020"));
});

Deno.test("suite1 hardens with Argon2id, 64 MiB, t = 3, p = 1, zero salt", async () => {
  const hardened = await suite1.harden(new TextEncoder().encode("password"));
  // From argon2id of @noble/hashes with the same parameters.
  assert.equal(toHex(hardened), "d4f57e111a378a81e206ea41f765b3aa6645b3434d305b283ff5750473a25ce1");
});

/** The server's side of the OPAQUE messages over explicit keys: no storage, no thread. */

import { KE1, OpaqueServer, RegistrationRecord, RegistrationRequest } from "@cloudflare/opaque-ts";
import { type Bytes, utf8 } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { opaqueSuite } from "../../schema/signed_call.ts";
import type { LoginResponse } from "./jobs.ts";
import type { OpaqueServerKeys } from "./server_keys.ts";
import { messageBytes } from "./message_bytes.ts";
import { opaqueConfig } from "./suite.ts";

/** The server's steps of OPAQUE, draft-07, with one suite. */
export class OpaqueServerSide {
  readonly #config = opaqueConfig();
  readonly #server: OpaqueServer;
  readonly #fakeRecord: Bytes;
  readonly #fakeKey: Promise<CryptoKey>;

  constructor({ oprfSeed, akePrivateKey, akePublicKey, fakeRecord, fakeSecret }: OpaqueServerKeys) {
    this.#server = new OpaqueServer(this.#config, Array.from(oprfSeed), {
      private_key: Array.from(akePrivateKey),
      public_key: Array.from(akePublicKey),
    });
    this.#fakeRecord = fakeRecord;
    this.#fakeKey = crypto.subtle.importKey("raw", fakeSecret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  }

  /**
   * @param request 33 bytes
   * @throws MalformedError
   */
  async respondToRegistration(
    { username, request }: { username: string; request: Bytes },
  ): Promise<{ response: Bytes }> {
    checkLength(request, messageBytes.registrationRequest, "RegistrationRequest");
    const response = await foreign(() =>
      this.#server.registerInit(RegistrationRequest.deserialize(this.#config, Array.from(request)), username)
    );
    if (response instanceof Error) throw response;
    return { response: Uint8Array.from(response.serialize()) };
  }

  /**
   * Checks a record. With a public key that is no point of the curve, every later login would fail in the
   * middle of the handshake.
   *
   * @param record 129 bytes
   * @throws MalformedError
   */
  async checkRecord({ record }: { record: Bytes }): Promise<Record<string, never>> {
    checkLength(record, messageBytes.registrationRecord, "RegistrationRecord");
    // The OPRF's evaluation decodes its input as a point of the same curve, and refuses any other input.
    const { client_public_key } = RegistrationRecord.deserialize(this.#config, Array.from(record));
    await foreign(() => this.#server.registerInit(new RegistrationRequest(this.#config, client_public_key), ""));
    return {};
  }

  /**
   * Answers a login. An unknown user (no record) gets the same steps as a known one, so that neither the
   * answer nor the work tells them apart.
   *
   * @param ke1 98 bytes
   * @throws MalformedError
   */
  async respondToLogin(
    { username, ke1, record }: { username: string; ke1: Bytes; record: Bytes | undefined },
  ): Promise<LoginResponse> {
    checkLength(ke1, messageBytes.ke1, "KE1");
    const fake = await this.#fakeRecordOf(username);
    const used = RegistrationRecord.deserialize(this.#config, Array.from(record ?? fake));
    const answered = await foreign(() =>
      this.#server.authInit(KE1.deserialize(this.#config, Array.from(ke1)), used, username, username, opaqueSuite)
    );
    if (answered instanceof Error) throw answered;
    const { ke2, expected } = answered;
    return {
      ke2: Uint8Array.from(ke2.serialize()),
      expectedKe3: Uint8Array.from(expected.expected_client_mac),
      sessionKey: Uint8Array.from(expected.session_key),
    };
  }

  async #fakeRecordOf(username: string): Promise<Bytes> {
    const maskingKey = await crypto.subtle.sign("HMAC", await this.#fakeKey, utf8(username));
    const fake = this.#fakeRecord.slice();
    // A RegistrationRecord is public key (33) ‖ masking key (32) ‖ envelope (64).
    fake.set(new Uint8Array(maskingKey), 33);
    return fake;
  }
}

function checkLength(bytes: Uint8Array, length: number, what: string): void {
  // opaque-ts truncates longer messages without an error.
  if (bytes.length !== length) throw new MalformedError(`${what}: ${length} bytes`);
}

/**
 * opaque-ts throws plain errors for foreign bytes that are no point of the curve. The server's own keys and
 * records were checked before they were stored.
 */
async function foreign<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new MalformedError(`OPAQUE: ${(error as Error).message}`);
  }
}

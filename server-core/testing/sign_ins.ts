/** An account that signs in and out over OPAQUE, and its acknowledged sessions. */

import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
import { deviceIdOf } from "../../schema/credential.ts";
import { signDeviceList } from "../../schema/device_list.ts";
import { generateEd25519, signEd25519 } from "../../schema/ed25519.ts";
import { authentication, delivery } from "../../schema/rpc/methods.ts";
import { loginBytes, opaqueSuite, registrationBytes } from "../../schema/signed_call.ts";
import { startLogin, startRegistration } from "../opaque/testing/opaque_client.ts";
import { outcome } from "./delivery_service.ts";
import type { Connection } from "./quic.ts";

type As = Connection["as"];

const password = "correct horse battery staple";

export class SignIns {
  /** Its username, once it is registered. */
  username = "";
  accountKey: Bytes = new Uint8Array();
  #device: { seed: Bytes; recipientKey: Bytes; deviceId: Bytes } | undefined;
  readonly #open: Bytes[] = [];
  readonly #closed: Bytes[] = [];

  /** Opens one more session: registers the first time, signs in later. */
  async signIn(as: As): Promise<void> {
    const { accessToken } = this.#device ? await this.#login(as) : await this.#register(as);
    this.#open.push(accessToken);
  }

  /** The device with its newest session. */
  get device(): { recipientKey: Bytes; auth: { version: number; accessToken: Bytes; deviceId: Bytes } } {
    return { recipientKey: this.#device!.recipientKey, ...this.#caller(this.#open.at(-1)!) };
  }

  /**
   * Signs in under a name, with the proof of the right password.
   *
   * @throws WireError the server's answer
   */
  async tryLogin(as: As, username = this.username): Promise<void> {
    const { ke1, finish } = await startLogin(password, username);
    const { loginId, ke2 } = await as().call(authentication.loginStart, { suite: opaqueSuite, username, ke1 });
    const out = await finish(ke2);
    const [ke3, sessionKey] = out instanceof Error
      ? [new Uint8Array(32), new Uint8Array(32)]
      : [out.ke3, out.sessionKey];
    const deviceSignature = await signEd25519(this.#device!.seed, await loginBytes(sessionKey));
    await as().call(authentication.loginFinish, {
      loginId,
      ke3,
      recipientKey: this.#device!.recipientKey,
      deviceSignature,
    });
  }

  /** Registers another account under the same name. @throws WireError the server's answer */
  async tryRegister(as: As): Promise<void> {
    const { request } = await startRegistration(password, this.username);
    await as().call(authentication.registerStart, { suite: opaqueSuite, username: this.username, request });
  }

  /**
   * Ends the oldest session, unless it is the only one. @returns whether a session was ended, and its end
   * acknowledged
   */
  async signOut(as: As): Promise<boolean> {
    if (this.#open.length < 2) return false;
    // From here on the session may have ended or not. After an answer it has ended.
    const accessToken = this.#open.shift()!;
    await as(this.#caller(accessToken)).call(authentication.logout, {});
    this.#closed.push(accessToken);
    return true;
  }

  /** @throws AssertionError unless every acknowledged session works and every ended one does not */
  async check(as: As): Promise<void> {
    const answer = (token: Bytes) =>
      outcome(as(this.#caller(token)).call(delivery.channelState, { channelId: new Uint8Array(32) }));
    for (const token of this.#open) assert.equal(await answer(token), "E016", "an acknowledged session works");
    for (const token of this.#closed.splice(0)) assert.equal(await answer(token), "E001", "an ended session does not");
  }

  #caller(accessToken: Bytes) {
    return { auth: { version: 1, accessToken, deviceId: this.#device!.deviceId } };
  }

  async #register(as: As): Promise<{ accessToken: Bytes }> {
    const { seed, publicKey: recipientKey } = await generateEd25519();
    const root = await generateEd25519();
    const deviceId = await deviceIdOf(recipientKey);
    const username = `user${crypto.randomUUID().slice(0, 12)}`;
    const { request, finish } = await startRegistration(password, username);
    const { response } = await as().call(authentication.registerStart, { suite: opaqueSuite, username, request });
    const { record } = await finish(response);
    const list = {
      accountKey: root.publicKey,
      username,
      version: 1,
      devices: [{ deviceId, recipientKey }],
      revoked: [],
      prevHash: new Uint8Array(32),
    };
    const vault = {
      version: 1,
      sealed: new Uint8Array([1]),
      wrappedByPassword: new Uint8Array([2]),
      wrappedByRecovery: new Uint8Array([3]),
      recoveryKey: new Uint8Array(),
    };
    const deviceSignature = await signEd25519(seed, await registrationBytes(record, username, vault));
    const devices = await signDeviceList(list, root.seed);
    const answer = await as().call(authentication.registerFinish, {
      suite: opaqueSuite,
      username,
      record,
      inviteCode: "",
      devices,
      vault,
      recipientKey,
      deviceSignature,
    });
    this.#device = { seed, recipientKey, deviceId };
    this.username = username;
    this.accountKey = root.publicKey;
    return answer;
  }

  async #login(as: As): Promise<{ accessToken: Bytes }> {
    const { ke1, finish } = await startLogin(password, this.username);
    const { loginId, ke2 } = await as().call(authentication.loginStart, {
      suite: opaqueSuite,
      username: this.username,
      ke1,
    });
    const out = await finish(ke2);
    assert.ok(!(out instanceof Error), "an acknowledged account is there, with its password");
    const deviceSignature = await signEd25519(this.#device!.seed, await loginBytes(out.sessionKey));
    return await as().call(authentication.loginFinish, {
      loginId,
      ke3: out.ke3,
      recipientKey: this.#device!.recipientKey,
      deviceSignature,
    });
  }
}

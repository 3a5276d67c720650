/** An authentication service in memory with its real handlers, and accounts that call it. */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import { credentialSignedBytes, type DeviceCredential, deviceIdOf } from "../../../schema/credential.ts";
import { type Device, type DeviceList, signDeviceList, type SignedDeviceList } from "../../../schema/device_list.ts";
import { generateEd25519, signEd25519 } from "../../../schema/ed25519.ts";
import type { ByteStream } from "../../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { WireError } from "../../../schema/rpc/errors.ts";
import { authVersion, noAuth } from "../../../schema/rpc/calls_and_returns.ts";
import { authentication, type DeviceProof } from "../../../schema/rpc/methods.ts";
import { Handlers, serveCall } from "../../../schema/rpc/server.ts";
import {
  deviceProofBytes,
  loginBytes,
  opaqueSuite,
  type ProvenCall,
  registrationBytes,
} from "../../../schema/signed_call.ts";
import type { Caller } from "../../caller.ts";
import type { OpaqueJobName } from "../../opaque/jobs.ts";
import type { Opaque } from "../../opaque/pool.ts";
import { generateOpaqueServerKeys } from "../../opaque/server_keys.ts";
import { OpaqueServerSide } from "../../opaque/server_side.ts";
import { startLogin, startRegistration } from "../../opaque/testing/opaque_client.ts";
import type { AccountChange } from "../../delivery/device_notices.ts";
import { authorizeCall } from "../authorize.ts";
import type { AuthenticationConfig } from "../deps.ts";
import { authenticationHandlers } from "../handlers.ts";
import { Sessions } from "../sessions.ts";
import { sha256Of } from "../tokens.ts";
import { memoryAccounts } from "./memory_accounts.ts";

export interface DeviceKeyPair extends Device {
  seed: Bytes;
}

/** Made once, because they take a while and tests do not depend on their value. */
const serverKeys = generateOpaqueServerKeys();

/** OPAQUE in this thread. */
class InlineOpaque implements Opaque {
  readonly #side = serverKeys.then((keys) => new OpaqueServerSide(keys));
  /** The requested work, in order. */
  readonly jobs: OpaqueJobName[] = [];

  async run(job: OpaqueJobName, params: never): Promise<never> {
    this.jobs.push(job);
    return await (await this.#side)[job](params) as never;
  }
}

export interface RigOptions {
  config?: Partial<AuthenticationConfig>;
  opaque?: Opaque;
}

export async function newDevice(): Promise<DeviceKeyPair> {
  const { seed, publicKey } = await generateEd25519();
  return { seed, recipientKey: publicKey, deviceId: await deviceIdOf(publicKey) };
}

export class Rig {
  nowMs = 1_800_000_000_000;
  readonly clock = () => this.nowMs;
  readonly store = memoryAccounts(this.clock);
  readonly inline = new InlineOpaque();
  readonly ended: Bytes[] = [];
  /** What other devices are told of. */
  readonly changes: AccountChange[] = [];
  readonly #handlers = new Handlers<Caller>();
  readonly #authorize;
  /** The address of the calls. */
  remoteAddress = "192.0.2.1";

  constructor({ config = {}, opaque }: RigOptions = {}) {
    const { accounts } = this.store;
    const sessions = new Sessions({ accounts, clock: this.clock });
    const deps = {
      store: { accounts },
      opaque: opaque ?? this.inline,
      sessions,
      config: {
        registration: "open" as const,
        opaquePerIpPerMinute: 1000,
        opaquePerAccountPerMinute: 1000,
        uploadKeyPackagesPerMinute: 1000,
        ...config,
      },
      clock: this.clock,
      onSessionsEnded: (sessionIds: Bytes[]) => void this.ended.push(...sessionIds),
      onAccountChanged: (change: AccountChange) => void this.changes.push(change),
    };
    authenticationHandlers(this.#handlers, deps);
    this.#authorize = authorizeCall(deps);
  }

  /** @returns a client with this token and device */
  client(accessToken: Bytes = new Uint8Array(), deviceId: Bytes = new Uint8Array()): RpcClient {
    const open = () => {
      const [caller, callee] = streamPair();
      void serveCall(callee, {
        handlers: this.#handlers,
        authorize: (method, auth) => this.#authorize(method, auth, this.remoteAddress),
      });
      return Promise.resolve(caller);
    };
    return new RpcClient(
      open,
      () => accessToken.length === 0 ? noAuth : { version: authVersion, accessToken, deviceId },
    );
  }

  /** An account with one enrolled device and a session, put into storage without OPAQUE. */
  async account(username: string): Promise<TestAccount> {
    const account = await TestAccount.create(this, username);
    const accessToken = crypto.getRandomValues(new Uint8Array(32));
    const sessionId = crypto.getRandomValues(new Uint8Array(16));
    await this.store.accounts.register({
      username,
      accountKey: account.list.accountKey,
      opaqueRecord: crypto.getRandomValues(new Uint8Array(129)),
      devices: account.signed,
      vault: {
        version: 1,
        sealed: new Uint8Array([1]),
        wrappedByPassword: new Uint8Array([8]),
        wrappedByRecovery: new Uint8Array([9]),
        recoveryKey: new Uint8Array(),
      },
      device: { deviceId: account.device.deviceId, recipientKey: account.device.recipientKey },
      session: { sessionId, tokenSha256: sha256Of(accessToken), expiresMs: this.nowMs + 30 * 24 * 3_600_000 },
    });
    account.accessToken = accessToken;
    account.sessionId = sessionId;
    return account;
  }

  /** An account that registered over the wire. */
  async registered(username: string, password: string, inviteCode = ""): Promise<TestAccount> {
    const account = await TestAccount.create(this, username);
    account.accessToken = (await account.register(password, inviteCode)).accessToken;
    return account;
  }
}

export class TestAccount {
  accessToken: Bytes = new Uint8Array();
  sessionId: Bytes = new Uint8Array();

  private constructor(
    readonly rig: Rig,
    readonly username: string,
    readonly rootSeed: Bytes,
    readonly device: DeviceKeyPair,
    public list: DeviceList,
    public signed: SignedDeviceList,
  ) {}

  static async create(rig: Rig, username: string, device?: DeviceKeyPair): Promise<TestAccount> {
    const root = await generateEd25519();
    device ??= await newDevice();
    const { deviceId, recipientKey } = device;
    const list: DeviceList = {
      accountKey: root.publicKey,
      username,
      version: 1,
      devices: [{ deviceId, recipientKey }],
      revoked: [],
      prevHash: new Uint8Array(32),
    };
    return new TestAccount(rig, username, root.seed, device, list, await signDeviceList(list, root.seed));
  }

  get client(): RpcClient {
    return this.rig.client(this.accessToken, this.device.deviceId);
  }

  /** The parameters of registerFinish, after the first step. */
  async registration(password: string, inviteCode = "") {
    const { request, finish } = await startRegistration(password, this.username);
    const { response } = await this.rig.client().call(authentication.registerStart, {
      suite: opaqueSuite,
      username: this.username,
      request,
    });
    const { record } = await finish(response);
    return await this.registrationOf(record, inviteCode);
  }

  async registrationOf(record: Bytes, inviteCode = "") {
    const vault = {
      version: 1,
      sealed: new Uint8Array([1, 2, 3]),
      wrappedByPassword: new Uint8Array([4]),
      wrappedByRecovery: new Uint8Array([5]),
      recoveryKey: new Uint8Array(),
    };
    const deviceSignature = await signEd25519(this.device.seed, await registrationBytes(record, this.username, vault));
    return {
      suite: opaqueSuite,
      username: this.username,
      record,
      inviteCode,
      devices: this.signed,
      vault,
      recipientKey: this.device.recipientKey,
      deviceSignature,
    };
  }

  async register(password: string, inviteCode = "") {
    return await this.rig.client().call(authentication.registerFinish, await this.registration(password, inviteCode));
  }

  /** Signs in with a device. A wrong password is E008, which users see as L022. */
  async login(password: string, device: DeviceKeyPair = this.device) {
    const client = this.rig.client();
    const { ke1, finish } = await startLogin(password, this.username);
    const { loginId, ke2 } = await client.call(authentication.loginStart, {
      suite: opaqueSuite,
      username: this.username,
      ke1,
    });
    const out = await finish(ke2);
    if (out instanceof Error) throw new WireError(8, out.message);
    const deviceSignature = await signEd25519(device.seed, await loginBytes(out.sessionKey));
    return await client.call(authentication.loginFinish, {
      loginId,
      ke3: out.ke3,
      recipientKey: device.recipientKey,
      deviceSignature,
    });
  }

  /** A session of another device of the account, put into storage without OPAQUE. @returns its client */
  async signIn(device: DeviceKeyPair): Promise<RpcClient> {
    const { accounts } = this.rig.store;
    const { opaqueRecord, accountKey } = (await accounts.opaqueRecord({ username: this.username }))!;
    const accessToken = crypto.getRandomValues(new Uint8Array(32));
    const session = {
      sessionId: crypto.getRandomValues(new Uint8Array(16)),
      tokenSha256: sha256Of(accessToken),
      expiresMs: this.rig.nowMs + 30 * 24 * 3_600_000,
    };
    await accounts.openSession({
      accountKey,
      opaqueRecord,
      device: { deviceId: device.deviceId, recipientKey: device.recipientKey },
      session,
    });
    return this.rig.client(accessToken, device.deviceId);
  }

  async proof(
    call: ProvenCall,
    fields: Uint8Array[],
    client = this.client,
    device = this.device,
  ): Promise<DeviceProof> {
    const { nonce } = await client.call(authentication.challenge, {});
    return { nonce, signature: await signEd25519(device.seed, await deviceProofBytes(call, nonce, fields)) };
  }

  /** @returns the list after the stored one, with these devices added and revoked, signed */
  async nextList(
    added: Device[],
    revoked: Device[] = [],
    changes: Partial<DeviceList> = {},
  ): Promise<{ list: DeviceList; signed: SignedDeviceList }> {
    const isRevoked = (device: Device) => revoked.some(({ deviceId }) => equalBytes(deviceId, device.deviceId));
    const devices = [
      ...this.list.devices.filter((device) => !isRevoked(device)),
      ...added.map(({ deviceId, recipientKey }) => ({ deviceId, recipientKey })),
    ];
    const list = {
      ...this.list,
      version: this.list.version + 1,
      devices,
      revoked: [...this.list.revoked, ...revoked.map(({ deviceId }) => deviceId)],
      prevHash: sha256Of(this.signed.list),
      ...changes,
    };
    return { list, signed: await signDeviceList(list, this.rootSeed) };
  }

  /** Puts a next list and keeps it as the newest. */
  async putList(
    next: { list: DeviceList; signed: SignedDeviceList },
    client = this.client,
    device = this.device,
  ): Promise<void> {
    const { list, signature } = next.signed;
    await client.call(authentication.putDeviceList, {
      devices: next.signed,
      proof: await this.proof("putDeviceList", [list, signature], client, device),
    });
    this.list = next.list;
    this.signed = next.signed;
  }

  async credential(
    device: DeviceKeyPair = this.device,
    changes: Partial<DeviceCredential> = {},
  ): Promise<DeviceCredential> {
    const claims = {
      username: this.username,
      accountKey: this.list.accountKey,
      deviceId: device.deviceId,
      listVersion: 1,
      ...changes,
    };
    return {
      ...claims,
      rootSignature: await signEd25519(this.rootSeed, credentialSignedBytes(device.recipientKey, claims)),
    };
  }
}

/** @returns a code like "E014", or "ok" */
export async function answerOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof WireError) return `E${String(error.code).padStart(3, "0")}`;
    throw error;
  }
}

/** @returns whether `whole` contains `part` */
export function contains(whole: Uint8Array, part: Uint8Array): boolean {
  return Array.from({ length: Math.max(0, whole.length - part.length + 1) }, (_, at) => at).some((at) =>
    whole[at] === part[0] && equalBytes(whole.subarray(at, at + part.length), part)
  );
}

function streamPair(): [ByteStream, ByteStream] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 }, { highWaterMark: 64 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 }, { highWaterMark: 64 });
  return [{ readable: back.readable, writable: there.writable }, { readable: there.readable, writable: back.writable }];
}

/** A directory in memory with answers of the test, and accounts for it. */

import { type Bytes, equalBytes, sha256 } from "../../../../schema/bytes.ts";
import { type Device, type DeviceList, openDeviceList, signDeviceList } from "../../../../schema/device_list.ts";
import { generateEd25519 } from "../../../../schema/ed25519.ts";
import { RpcClient } from "../../../../schema/rpc/client.ts";
import { ErrorCode, TransportError, WireError } from "../../../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../../../schema/rpc/methods.ts";
import { Handlers } from "../../../../schema/rpc/server.ts";
import { openingTo } from "../../../testing/call_server.ts";
import { type DeviceKeys, enrolledDevice, newDevice, type StoredDevice } from "../../devices/device.ts";

/** An account whose root key the test holds. */
export class HeldAccount {
  private constructor(
    readonly username: string,
    readonly rootSeed: Bytes,
    readonly accountKey: Bytes,
    public answer: Account,
  ) {}

  static async create(username: string, devices: Device[]): Promise<HeldAccount> {
    const { seed, publicKey: accountKey } = await generateEd25519();
    const list: DeviceList = {
      accountKey,
      username,
      version: 1,
      devices: devices.map(plain),
      revoked: [],
      prevHash: new Uint8Array(32),
    };
    return new HeldAccount(username, seed, accountKey, {
      username,
      accountKey,
      devices: await signDeviceList(list, seed),
    });
  }

  /** Signs the next list; `changes` replace the right values. */
  async change(devices: Device[], revoked: Uint8Array[] = [], changes: Partial<DeviceList> = {}): Promise<Account> {
    const current = await openDeviceList(this.answer.devices);
    const list: DeviceList = {
      ...current,
      version: current.version + 1,
      devices: devices.map(plain),
      revoked: revoked.map((id) => new Uint8Array(id)),
      prevHash: await sha256(this.answer.devices.list),
      ...changes,
    };
    return this.answer = { ...this.answer, devices: await signDeviceList(list, this.rootSeed) };
  }

  async enrolled(device: DeviceKeys, listVersion = 1): Promise<StoredDevice> {
    return await enrolledDevice(device, this, listVersion, this.rootSeed);
  }
}

export class FakeDirectory {
  readonly answers: Account[] = [];
  online = true;
  calls = 0;
  /** The most accounts in one answer; more give E011. */
  mostAccounts = 100;
  readonly rpc: RpcClient;

  constructor() {
    const handlers = new Handlers<undefined>()
      .unary(authentication.lookup, ({ username }) => {
        const account = this.answers.find((answer) => answer.username === username);
        return account
          ? Promise.resolve({ account })
          : Promise.reject(new WireError(ErrorCode.unknownRecipient, "nobody"));
      })
      .unary(authentication.lookupAccounts, ({ accountKeys }) => {
        const accounts = this.answers.filter(({ accountKey }) =>
          accountKeys.some((key) => equalBytes(key, accountKey))
        );
        return accounts.length > this.mostAccounts
          ? Promise.reject(new WireError(ErrorCode.payloadTooLarge, "too many"))
          : Promise.resolve({ accounts });
      })
      .unary(
        authentication.searchUsers,
        ({ prefix }) =>
          Promise.resolve({
            usernames: this.answers.map(({ username }) => username).filter((username) => username.startsWith(prefix)),
          }),
      );
    const open = openingTo(handlers, () => undefined);
    this.rpc = new RpcClient((signal) => {
      this.calls++;
      return this.online ? open(signal) : Promise.reject(new TransportError("no connection"));
    });
  }

  /** From now on answers with this account, in place of an earlier one of the same name. */
  show(account: Account): void {
    const index = this.answers.findIndex(({ username }) => username === account.username);
    this.answers.splice(index < 0 ? this.answers.length : index, 1, account);
  }
}

export { newDevice };

function plain({ deviceId, recipientKey }: Device): Device {
  return { deviceId, recipientKey };
}

/** A member's session without its engine, for calls that no engine makes. */

import type { Bytes } from "../../schema/bytes.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { authVersion } from "../../schema/rpc/calls_and_returns.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import type { StoredSession } from "../account/sign_in/session.ts";
import { createMls, type GroupState, type Mls } from "../mls/group.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { TestCore } from "./core.ts";
import type { Person } from "./person.ts";

export interface Outsider {
  rpc: RpcClient;
  mls: Mls;
  /** The group as the member's storage has it. */
  state(chatId: string): Promise<GroupState>;
}

/** @param person whose session and state are used; its engine should send nothing meanwhile */
export async function outsider(core: Pick<TestCore, "transport">, person: Person): Promise<Outsider> {
  const mls = createMls({ trust: () => Promise.resolve(true), isRevoked: () => Promise.resolve(false) });
  const store = () => new SealedStore(person.storage.restarted(), person.wrappingKey);
  const [device, session] = await Promise.all([
    store().get<StoredDevice>("account", "device"),
    store().get<StoredSession>("account", "session"),
  ]);
  const connection = await core.transport().connect(new AbortController().signal);
  return {
    mls,
    rpc: new RpcClient(
      (signal) => connection.openStream(signal),
      () => ({ version: authVersion, accessToken: session!.accessToken, deviceId: device!.deviceId }),
    ),
    async state(chatId) {
      const records = await store().range<Bytes>("ratchets", `${chatId}/`);
      const epoch = await store().get<Bytes>("epochs", chatId);
      return mls.decodeState(
        epoch!,
        records.map(({ key, value }) => ({ key: key.slice(chatId.length + 1), bytes: value })),
      );
    },
  };
}

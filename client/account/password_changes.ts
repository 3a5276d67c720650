/** Changes that need the password of a signed-in account: its device list, its password, its recovery code. */

import { fromHex } from "../../schema/bytes.ts";
import type { OpenStream } from "../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { AccountRecords } from "./account_records.ts";
import { deleteOnServer, requireDeletion } from "./deletion.ts";
import type { SignedInAccount } from "./signed_in_account.ts";
import type { Enrolment } from "./sign_in/enroll.ts";
import { answered } from "./sign_in/lost_answer.ts";
import { checkedPassword, normalisedPassword } from "./sign_in/password.ts";
import {
  type Confirmed,
  newPassword,
  newRecoveryCode,
  revokeFromList,
  type Rewrap,
  withPassword,
} from "./sign_in/password_guard.ts";
import { sessionAuth, type StoredSession } from "./sign_in/session.ts";

/** How long a logout may take, in ms: without an answer the session ends by itself. */
export const logoutTimeoutMs = 5_000;

export interface PasswordChangesOptions {
  records: AccountRecords;
  openStream: OpenStream;
  /** @returns the account as long as it is signed in */
  current(): SignedInAccount | undefined;
  /** @returns the parts of an OPAQUE handshake, for a normalised password */
  handshake(username: string, password: string): Enrolment;
}

/** @throws EngineError L002 when nobody is signed in */
export function requireSignedIn(account: SignedInAccount | undefined): SignedInAccount {
  if (!account) throw new EngineError({ code: LocalCode.notSignedIn, detail: "nobody is signed in" });
  return account;
}

/**
 * From the write on the password or code before it is void, whether an answer came or not. Who is told that it failed
 * would go on with that one, and never see the new code.
 */
async function rewrap(vault: SignedInAccount["vault"], { write, isInForce }: Rewrap): Promise<void> {
  try {
    await vault.rewrap(write);
  } catch (error) {
    if (!await answered(isInForce)) throw error;
  }
}

export class PasswordChanges {
  readonly #options: PasswordChangesOptions;

  constructor(options: PasswordChangesOptions) {
    this.#options = options;
  }

  /** See `Accounts.revokeDevice`. */
  async revokeDevice(deviceId: string, password: string): Promise<void> {
    if (!/^[0-9a-f]{32}$/.test(deviceId)) {
      throw new EngineError({ code: LocalCode.noSuchDevice, detail: "the account has no such device" });
    }
    const { accountKey, directory } = this.#signedIn();
    await this.#confirmed(password, async (confirmed) => {
      await directory.take(
        await revokeFromList(fromHex(deviceId), (await directory.seenList(accountKey))!, confirmed),
      );
    });
  }

  /** See `Accounts.changePassword`. */
  async changePassword(oldPassword: string, newPasswordText: string): Promise<void> {
    const { username, vault } = this.#signedIn();
    const password = await checkedPassword(newPasswordText, username);
    await this.#confirmed(oldPassword, async (confirmed, enrolment) => {
      const change = await newPassword(enrolment, password, confirmed);
      // This comes before the call. If the answer is lost, this device stays signed in, whichever password is
      // valid then.
      const before = await this.#useSession(confirmed);
      try {
        await rewrap(vault, change);
      } finally {
        // The change has ended this session already, or it is not needed after a failure.
        await before.call(authentication.logout, {}, { timeoutMs: logoutTimeoutMs }).catch(() => {});
      }
    });
  }

  /** See `Accounts.newRecoveryCode`. */
  async newRecoveryCode(password: string): Promise<{ recoveryCode: string }> {
    const { vault } = this.#signedIn();
    return await this.#confirmed(password, async (confirmed) => {
      const { recoveryCode, ...change } = newRecoveryCode(confirmed);
      await rewrap(vault, change);
      return { recoveryCode };
    });
  }

  /**
   * Deletes the account on the server; what this device keeps of it stays.
   *
   * @param prepare runs once the password is known to be right, and the server to be able to do it
   * @throws EngineError L022, L037, L001 …
   */
  async deleteAccount(password: string, prepare: () => Promise<void>): Promise<void> {
    const { accountKey, directory } = this.#signedIn();
    await this.#confirmed(password, async (confirmed) => {
      await requireDeletion(confirmed.rpc);
      await prepare();
      await deleteOnServer(confirmed, await directory.seenList(accountKey));
    });
  }

  /** Runs `work` in a session that the password opened. That session ends afterwards, unless this device uses it. */
  async #confirmed<T>(
    password: string,
    work: (confirmed: Confirmed, enrolment: Enrolment) => Promise<T>,
  ): Promise<T> {
    const { records, current, handshake } = this.#options;
    const { username } = this.#signedIn();
    const device = (await records.device())!;
    const enrolment = handshake(username, normalisedPassword(password));
    return await withPassword(enrolment, device, async (confirmed) => {
      try {
        return await work(confirmed, enrolment);
      } finally {
        // Without a logout the session would end by itself: a lost answer does no harm.
        if (current()?.rpc.accessToken !== confirmed.session.accessToken) {
          await confirmed.rpc.call(authentication.logout, {}, { timeoutMs: logoutTimeoutMs }).catch(() => {});
        }
      }
    });
  }

  /** @returns an RPC client with the former session */
  async #useSession({ session, device }: Confirmed): Promise<RpcClient> {
    const { rpc } = this.#signedIn();
    const before = sessionAuth(rpc.accessToken, device.deviceId);
    const stored: StoredSession = { accessToken: session.accessToken, expiresMs: session.expiresMs };
    await this.#options.records.saveSession(stored);
    rpc.useSession(sessionAuth(session.accessToken, device.deviceId));
    return new RpcClient(this.#options.openStream, () => before);
  }

  #signedIn(): SignedInAccount {
    return requireSignedIn(this.#options.current());
  }
}

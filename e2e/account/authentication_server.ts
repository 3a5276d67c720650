/** The real authentication service in this process, behind streams in memory, with faults to order. */

import type { OpenStream } from "../../schema/rpc/byte_stream.ts";
import { TransportError, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Method } from "../../schema/rpc/methods.ts";
import { Handlers } from "../../schema/rpc/server.ts";
import { openingTo } from "../../client/testing/call_server.ts";
import { authorizeCall } from "../../server-core/authentication/authorize.ts";
import { authenticationHandlers } from "../../server-core/authentication/handlers.ts";
import { Sessions } from "../../server-core/authentication/sessions.ts";
import { memoryAccounts } from "../../server-core/authentication/testing/memory_accounts.ts";
import type { Caller } from "../../server-core/caller.ts";
import type { Database } from "../../server-core/storage/sqlite/database.ts";
import type { Opaque } from "../../server-core/opaque/pool.ts";
import { generateOpaqueServerKeys } from "../../server-core/opaque/server_keys.ts";
import { OpaqueServerSide } from "../../server-core/opaque/server_side.ts";

/** Made once: they take a while, and tests do not differ by them. */
const serverKeys = generateOpaqueServerKeys();

class InlineOpaque implements Opaque {
  readonly #side = serverKeys.then((keys) => new OpaqueServerSide(keys));

  async run(job: Parameters<Opaque["run"]>[0], params: never): Promise<never> {
    return await (await this.#side)[job](params) as never;
  }
}

export class AuthenticationServer {
  /** What the server's clock is ahead of this machine's, ms. */
  aheadMs = 0;
  /** Calls that were made, by name. */
  readonly calls: string[] = [];
  online = true;
  /** When it says that it was restored from a backup, ms since the Unix epoch; 0 for never. */
  restoredMs = 0;
  #lost: string | undefined;
  readonly #refusals = new Map<string, WireError>();
  readonly openStream: OpenStream;
  readonly #db: Database;

  constructor() {
    const clock = () => Date.now() + this.aheadMs;
    const { accounts, db } = memoryAccounts(clock);
    this.#db = db;
    const sessions = new Sessions({ accounts, clock });
    const config = { registration: "open" as const, opaquePerIpPerMinute: 1000, opaquePerAccountPerMinute: 1000 };
    const deps = { store: { accounts }, opaque: new InlineOpaque(), sessions, config, clock };
    const handlers = new Handlers<Caller>().unary(
      delivery.health,
      () =>
        Promise.resolve({
          serverTimeMs: clock(),
          wireVersion: 1,
          draining: false,
          build: "test",
          restoredMs: this.restoredMs,
          restoredToMs: this.restoredMs,
        }),
    );
    authenticationHandlers(handlers, deps);
    const authorize = authorizeCall(deps);
    const open = openingTo(handlers, async (method, auth) => {
      this.calls.push(method.name);
      const caller = await authorize(method, auth, "192.0.2.1");
      this.#refuse(method);
      return caller;
    });
    this.openStream = async (signal) => {
      if (!this.online) throw new TransportError("no connection");
      const { readable, writable } = await open(signal);
      return { readable: readable.pipeThrough(this.#losing()), writable };
    };
  }

  /** The next call of `method` is answered with this error. */
  refuseNext(method: Method, code: number): void {
    this.#refusals.set(method.name, new WireError(code, "ordered by a test"));
  }

  /** The next call of `method` is carried out, and its answer does not arrive. */
  loseAnswer(method: Method): void {
    this.#lost = method.name;
  }

  /**
   * @returns what makes the server show the device list of now again, forgetting what was revoked since: as
   *   one that lies does
   */
  keepDeviceList(username: string): () => void {
    const kept = this.#db.get<{ version: number; list: Uint8Array; signature: Uint8Array }>(
      "SELECT list_version AS version, list, list_signature AS signature FROM accounts WHERE username = ?",
      username,
    )!;
    return () => {
      this.#db.run(
        "UPDATE accounts SET list_version = ?, list = ?, list_signature = ? WHERE username = ?",
        kept.version,
        kept.list,
        kept.signature,
        username,
      );
      this.#db.run("DELETE FROM revoked_devices");
    };
  }

  /** @returns what makes the server hand out the vault of now again, and what undoes that */
  keepVault(username: string): () => () => void {
    const read = () =>
      this.#db.get<{ version: number; sealed: Uint8Array }>(
        "SELECT vault_version AS version, vault_sealed AS sealed FROM accounts WHERE username = ?",
        username,
      )!;
    const show = ({ version, sealed }: { version: number; sealed: Uint8Array }) =>
      void this.#db.run(
        "UPDATE accounts SET vault_version = ?, vault_sealed = ? WHERE username = ?",
        version,
        sealed,
        username,
      );
    const kept = read();
    return () => {
      const newest = read();
      show(kept);
      return () => show(newest);
    };
  }

  #losing(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: (bytes, controller) => {
        if (this.#lost !== undefined && this.#lost === this.calls.at(-1)) {
          this.#lost = undefined;
          throw new TransportError("the connection broke before the answer came");
        }
        controller.enqueue(bytes);
      },
    });
  }

  #refuse(method: Method): void {
    const refusal = this.#refusals.get(method.name);
    this.#refusals.delete(method.name);
    if (refusal) throw refusal;
  }
}

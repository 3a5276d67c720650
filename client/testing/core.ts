/** The real core in the test process, with SQLite storage, behind connections in memory that tests can break. */

import { toHex } from "../../schema/bytes.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry } from "../../schema/rpc/methods.ts";
import { Handlers, serveCall } from "../../schema/rpc/server.ts";
import { authorizeCall } from "../../server-core/authentication/authorize.ts";
import { authenticationHandlers } from "../../server-core/authentication/handlers.ts";
import { Sessions } from "../../server-core/authentication/sessions.ts";
import type { Caller } from "../../server-core/caller.ts";
import { BlobFiles } from "../../server-core/delivery/blob_files.ts";
import { BodyBudget } from "../../server-core/delivery/body_budget.ts";
import { additions, commitRates } from "../../server-core/delivery/commit.ts";
import { type AccountChange, DeviceNotices } from "../../server-core/delivery/device_notices.ts";
import { deliveryHandlers } from "../../server-core/delivery/handlers.ts";
import { LiveDevices } from "../../server-core/delivery/live.ts";
import { PartialBlobs } from "../../server-core/delivery/partial_blobs.ts";
import { Uploads } from "../../server-core/delivery/uploads.ts";
import { generateOpaqueServerKeys } from "../../server-core/opaque/server_keys.ts";
import { OpaqueServerSide } from "../../server-core/opaque/server_side.ts";
import { Database } from "../../server-core/storage/sqlite/database.ts";
import { noteRestore } from "../../server-core/storage/sqlite/delivery/restores.ts";
import { openSqliteStore } from "../../server-core/storage/sqlite/sqlite_store.ts";
import type { Transport } from "../connection/transport.ts";
import { TestConnection } from "./connection.ts";
import { copyFolder } from "./copy_folder.ts";
import { HostileServer } from "./hostile_server.ts";
import { MovableTime } from "./movable_time.ts";
import { ServerLog } from "./server_log.ts";
import { spoilAnswers, spoilLive, spoilStore } from "./spoiled_core.ts";

const serverKeys = generateOpaqueServerKeys();

/** One run of the core over a data directory. */
interface Run {
  /** KeyPackages that would be handed out now. */
  stockOf(deviceId: Uint8Array): Promise<{ available: number; lastResort: boolean }>;
  /** Whether entries of a channel wait for a device behind seq `after`. */
  isWaiting(recipientKey: Uint8Array, channelId: Uint8Array, after: number): Promise<boolean>;
  /** Makes a device look into its queue again. */
  notify(recipientKey: Uint8Array): void;
  /** @param refuses methods that fail for this caller */
  serve(stream: ByteStream, refuses: (method: string) => boolean): Promise<void>;
  /** Resolves when no call is running. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

async function startRun(dataDir: string, hostile: HostileServer, log: ServerLog, now: () => number): Promise<Run> {
  const store = await openSqliteStore({ dataDir, now });
  log.watch(store.delivery);
  const fetchOwn = spoilStore(store, hostile);
  const live = new LiveDevices();
  spoilLive(live, hostile);
  const notices = new DeviceNotices({ store: store.delivery, live, now });
  const handlers = new Handlers<Caller>();
  const sessions = new Sessions({ accounts: store.accounts, clock: now });
  const side = new OpaqueServerSide(await store.accounts.ensureOpaqueServerKeys(await serverKeys));
  const opaque = {
    run: async (job: keyof OpaqueServerSide, params: never): Promise<never> => await side[job](params) as never,
  };
  const authentication = {
    store,
    opaque: opaque as never,
    sessions,
    config: {
      registration: "open" as const,
      opaquePerIpPerMinute: 10_000,
      opaquePerAccountPerMinute: 10_000,
      // A soak does in a minute what people do in months.
      fetchKeyPackagePerDay: 1_000_000,
      requestJoinPerMinute: 10_000,
    },
    clock: now,
    onSessionsEnded: (sessionIds: Uint8Array[]) => live.endSessions(sessionIds as never),
    onAccountChanged: (change: AccountChange) => notices.changed(change),
  };
  authenticationHandlers(handlers, authentication);
  deliveryHandlers(handlers, {
    store: store.delivery,
    live,
    blobs: await BlobFiles.open(`${dataDir}/blobs`),
    partials: await PartialBlobs.open(`${dataDir}/blobs`),
    blobLimits: { maxBytes: 64_000_000, quotaBytes: 100_000_000, ttlMs: 30 * 24 * 3600 * 1000 },
    uploads: new Uploads(),
    disk: { requireRoom() {} },
    queueAgeMs: 90 * 24 * 3600 * 1000,
    bodies: new BodyBudget({ largeBytes: 48 * 1024 * 1024, smallBytes: 16 * 1024 * 1024 }),
    additions: additions(now, 1_000_000),
    commits: commitRates(now, 1_000_000),
    countCalls: () => {},
    now,
    draining: () => false,
    restored: await store.delivery.lastRestore(),
    build: "test",
    // Shrunk as the clients' patience is (testEnvironment), or they would take every quiet connection for a dead one.
    heartbeatMs: 2_000,
  });
  spoilAnswers(handlers, hostile);
  const authorize = authorizeCall(authentication);
  const calls = new Set<Promise<void>>();
  return {
    stockOf: (deviceId) => store.accounts.countKeyPackages({ deviceId: deviceId as never }),
    isWaiting: async (recipientKey, channelId, after) =>
      (await fetchOwn({ recipientKey: recipientKey as never, channelId: channelId as never, after, limit: 1 })).length >
        0,
    notify: (recipientKey) => live.notifyStored(recipientKey, new Uint8Array()),
    serve(stream, refuses) {
      const call = serveCall<Caller>(stream, {
        handlers,
        authorize: (method, auth) => {
          // Who takes no message takes none in a call for several.
          if (refuses(method.name === delivery.publishInOrder.name ? delivery.publish.name : method.name)) {
            throw new WireError(ErrorCode.internal, "refused by the test");
          }
          return authorize(method, auth, "192.0.2.1");
        },
        readTimeoutMs: 5_000,
      });
      calls.add(call);
      void call.finally(() => calls.delete(call));
      return call;
    },
    async idle() {
      while (calls.size > 0) await Promise.all(calls);
    },
    async stop() {
      live.endAll(new WireError(ErrorCode.draining, "the core stops"));
      await Promise.all(calls);
      await store.close();
    },
  };
}

export class TestCore {
  readonly hostile: HostileServer;
  /** The time of this core and of all who are on it. */
  readonly time: MovableTime;
  /** What it has accepted. */
  readonly log: ServerLog;
  readonly #dataDir: string;
  /** What a backup means for the log, by its folder. */
  readonly #backups = new Map<string, () => void>();
  #run: Run | undefined;
  readonly #connections = new Set<TestConnection>();

  private constructor(dataDir: string, run: Run, hostile: HostileServer, log: ServerLog, time: MovableTime) {
    this.hostile = hostile;
    this.log = log;
    this.time = time;
    this.#dataDir = dataDir;
    this.#run = run;
  }

  /**
   * @param options.time the clock; the system's time unless given
   * @param options.data a data directory to begin with, which is copied
   */
  static async start({ time = new MovableTime(), data }: { time?: MovableTime; data?: string } = {}): Promise<
    TestCore
  > {
    const dataDir = await Deno.makeTempDir({ prefix: "qpq-client-" });
    if (data !== undefined) await copyFolder(data, dataDir);
    const [hostile, log] = [new HostileServer(), new ServerLog()];
    return new TestCore(dataDir, await startRun(dataDir, hostile, log, time.now), hostile, log, time);
  }

  /** How many KeyPackages of a device would be handed out now. */
  stockOf(deviceId: Uint8Array): Promise<{ available: number; lastResort: boolean }> {
    return this.#run!.stockOf(deviceId);
  }

  /** Whether entries of a channel wait for a device behind seq `after`. */
  isWaiting(recipientKey: Uint8Array, channelId: Uint8Array, after: number): Promise<boolean> {
    return this.#run!.isWaiting(recipientKey, channelId, after);
  }

  /** The server keeps a device waiting for what is stored for it. @returns lets it have all */
  hold(recipientKey: Uint8Array): () => void {
    this.hostile.held.add(toHex(recipientKey));
    return () => {
      this.hostile.held.delete(toHex(recipientKey));
      this.#run?.notify(recipientKey);
    };
  }

  /**
   * The server keeps the Welcomes that are stored for a device from it. @returns slips one to a channel into
   * its queue, behind all that has come since; false while there is none
   */
  delayWelcomes(recipientKey: Uint8Array): (channelId: Uint8Array) => boolean {
    const device = toHex(recipientKey);
    this.hostile.uninvited.add(device);
    return (channelId) => {
      const welcome = this.hostile.welcomes.get(device);
      if (!welcome || toHex(welcome.channelId) !== toHex(channelId)) return false;
      this.hostile.uninvited.delete(device);
      this.inject(recipientKey, [{ ...welcome, seq: 2 ** 48 }]);
      return true;
    };
  }

  /** The server slips entries into a device's queue. */
  inject(recipientKey: Uint8Array, entries: Entry[]): void {
    this.hostile.injected.set(toHex(recipientKey), entries);
    this.#run?.notify(recipientKey);
  }

  /**
   * @param faults.reachable whether connecting works at the moment
   * @param faults.refuses methods that fail
   */
  transport(
    { reachable = () => true, refuses = () => false }: {
      reachable?: () => boolean;
      refuses?: (method: string) => boolean;
    } = {},
  ): Transport {
    return {
      connect: () => {
        if (!this.#run || !reachable()) return Promise.reject(new Error("no route"));
        const connection: TestConnection = new TestConnection((stream) => {
          if (!this.#run) throw new Error("the core is gone");
          void this.#run.serve(stream, refuses);
        }, () => this.#connections.delete(connection));
        this.#connections.add(connection);
        return Promise.resolve(connection);
      },
    };
  }

  /** Every connection is lost, with what was on its way. */
  breakConnections(): void {
    for (const connection of [...this.#connections]) connection.close();
  }

  /** The core goes down and comes back over the same data. */
  async restart(): Promise<void> {
    await this.#stopped(() => Promise.resolve());
  }

  /** Changes what the core has stored, while it is down. */
  async change(change: (db: Database) => void): Promise<void> {
    await this.#stopped(() => {
      const db = new Database(`${this.#dataDir}/qpq.db`);
      change(db);
      db.close();
      return Promise.resolve();
    });
  }

  /** A copy of all that the core has stored, as `restore` takes it. */
  async backup(): Promise<string> {
    const copy = await Deno.makeTempDir({ prefix: "qpq-backup-" });
    await this.#stopped(async () => {
      await copyFolder(this.#dataDir, copy);
      this.#backups.set(copy, this.log.backup());
    });
    return copy;
  }

  /** The core comes back with what it had at a backup, which is spent. */
  async restore(copy: string): Promise<void> {
    await this.#stopped(async () => {
      await Deno.remove(this.#dataDir, { recursive: true });
      await Deno.mkdir(this.#dataDir);
      await copyFolder(copy, this.#dataDir);
      await Deno.remove(copy, { recursive: true });
      const db = new Database(`${this.#dataDir}/qpq.db`);
      noteRestore(db, this.time.now());
      db.close();
      this.#backups.get(copy)!();
      this.#backups.delete(copy);
    });
  }

  /** The server loses all messages, and says that it was restored. @param toMs to when, in ms */
  async claimRestore(toMs: number): Promise<void> {
    await this.#stopped(() => {
      const db = new Database(`${this.#dataDir}/qpq.db`);
      db.run("DELETE FROM entries WHERE kind = 0");
      db.run("DELETE FROM sent");
      db.run("INSERT INTO restores (restored_ms, newest_ms) VALUES (?, ?)", this.time.now(), toMs);
      db.close();
      return Promise.resolve();
    });
  }

  /**
   * The server loses an account, as one that was set up anew has, or one that gives the name to somebody
   * else. Channels stay.
   */
  async forgetAccount(username: string): Promise<void> {
    await this.#stopped(() => {
      const db = new Database(`${this.#dataDir}/qpq.db`);
      const devices =
        "device_id IN (SELECT device_id FROM devices JOIN accounts USING (account_key) WHERE username = ?)";
      for (const table of ["sessions", "key_packages", "devices"]) {
        db.run(`DELETE FROM ${table} WHERE ${devices}`, username);
      }
      db.run("DELETE FROM accounts WHERE username = ?", username);
      db.close();
      return Promise.resolve();
    });
  }

  async #stopped(work: () => Promise<void>): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    this.breakConnections();
    await run?.stop();
    await work();
    this.#run = await startRun(this.#dataDir, this.hostile, this.log, this.time.now);
  }

  /** After all connections are closed: resolves when what they asked for is done. */
  async idle(): Promise<void> {
    await this.#run?.idle();
  }

  async stop(): Promise<void> {
    this.breakConnections();
    await this.#run?.stop();
    this.#run = undefined;
    await Deno.remove(this.#dataDir, { recursive: true });
  }
}

/** Runs the contract of a store against SQLite. */

import { InlineHost } from "../../testing/inline_store.ts";
import { accountBehaviours } from "../contract/accounts/all.ts";
import { deliveryBehaviours } from "../contract/delivery/all.ts";
import { clockBehaviours } from "../contract/clock.ts";
import { runContract } from "../contract/contract.ts";
import { accountMethods, clockMethods, deliveryMethods, operatorMethods } from "../contract/methods.ts";
import { operatorBehaviours } from "../contract/operator.ts";
import type { Engine, TestStore } from "../contract/world.ts";
import type { Store } from "../store.ts";
import { databasePath } from "./database_files.ts";
import { openDatabase } from "./open.ts";
import { sqliteOperatorStore } from "./operator/operator_store.ts";
import { openServedStore } from "./served_store.ts";

/** An empty database with the newest schema. Copying it is faster than migrating a new one. */
const emptyDatabase = await makeEmptyDatabase();

async function makeEmptyDatabase(): Promise<Uint8Array> {
  const dataDir = await Deno.makeTempDir({ prefix: "qpq-contract-" });
  openDatabase({ dataDir }).close();
  const bytes = await Deno.readFile(databasePath(dataDir));
  await Deno.remove(dataDir, { recursive: true });
  return bytes;
}

class SqliteTestStore implements TestStore {
  readonly clock = { nowMs: 1_800_000_000_000 };
  readonly operator;
  #store!: Store;
  readonly #dataDir: string;

  private constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.operator = sqliteOperatorStore({ dataDir, now: () => this.clock.nowMs });
  }

  static async open(): Promise<SqliteTestStore> {
    const dataDir = await Deno.makeTempDir({ prefix: "qpq-contract-" });
    await Deno.writeFile(databasePath(dataDir), emptyDatabase);
    const opened = new SqliteTestStore(dataDir);
    await opened.#open();
    return opened;
  }

  get store(): Store {
    return this.#store;
  }

  async reopen(between = () => Promise.resolve()): Promise<void> {
    await this.#store.close();
    await between();
    await this.#open();
  }

  async close(): Promise<void> {
    await this.#store.close();
    await Deno.remove(this.#dataDir, { recursive: true });
  }

  async #open(): Promise<void> {
    const options = { dataDir: this.#dataDir, now: () => this.clock.nowMs };
    this.#store = await openServedStore(options, () => new InlineHost());
  }
}

const sqlite: Engine = { name: "SQLite", open: SqliteTestStore.open };

runContract(sqlite, "accounts", accountMethods, accountBehaviours);
runContract(sqlite, "delivery", deliveryMethods, deliveryBehaviours);
runContract(sqlite, "clock", clockMethods, clockBehaviours);
runContract(sqlite, "operator", operatorMethods, operatorBehaviours);

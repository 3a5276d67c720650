/**
 * A person with one device for whole-engine tests: a real engine over a storage in memory. The test controls
 * its network and its restarts, and reads its events.
 */

import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import { opaqueSuite } from "../../schema/signed_call.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import type { ChatSummary, EngineEvent, TimelineItem } from "../api/engine_api.ts";
import { MemorySpool } from "../attachments/memory_spool.ts";
import { Engine } from "../engine/engine.ts";
import type { SearchDatabases } from "../search/search_database.ts";
import { importWrappingKey, SealedStore } from "../storage/sealed_store.ts";
import type { Storage } from "../storage/storage.ts";
import { MemoryStorage } from "../storage/testing/memory.ts";
import type { Environment } from "../runtime/environment.ts";
import type { Connection, Transport } from "../connection/transport.ts";
import { TestCore } from "./core.ts";
import { testEnvironment } from "./test_environment.ts";
import { waitUntil } from "./wait_until.ts";

export const password = "correct horse battery staple";

/** Long enough for a busy machine; tests wait for events, not for this. */
const patienceMs = 60_000;

/** What a device has of its own. */
export interface Profile<S extends Storage> {
  storage: S;
  wrappingKey: CryptoKey;
  /** The page's memory of the device, which outlives the storage. */
  sentinel?: string | undefined;
  open?: typeof Engine.open;
}

/** What people need of a core: {@link TestCore}, or a process of its own. */
export type PersonCore = Pick<TestCore, "transport" | "time">;

/** @template S where the device keeps its records; only those in memory can crash */
export class Person<S extends Storage = MemoryStorage> {
  readonly username: string;
  readonly #core: PersonCore;
  readonly wrappingKey: CryptoKey;
  readonly #environment: Environment;
  storage: S;
  engine!: Engine;
  /** Opens another build of the engine. */
  openEngine: typeof Engine.open | undefined;
  online = true;
  /** Whether the engine that is started next tells others what it has received and read. */
  sendsReceipts = false;
  /** Whether the engine that is started next runs for a moment, without spool and index. */
  isWoken = false;
  events: EngineEvent[] = [];
  /** Methods that fail for this person. */
  refuses: (method: string) => boolean = () => false;
  /** Where the search has its index; tests that search set it. */
  searchDatabases: SearchDatabases | undefined;
  #sentinel: string | undefined;
  /** It outlives the process, as a disk does. */
  readonly spool = new MemorySpool(128 * 1024 * 1024);
  /** Replaces the transport, to watch or spoil calls. */
  wrapTransport: (transport: Transport) => Transport = (transport) => transport;
  /** Told of each event as it comes. */
  onEvent: (event: EngineEvent) => void = () => {};
  readonly #watchers = new Set<() => void>();

  #connection: Connection | undefined;

  private constructor(
    username: string,
    core: PersonCore,
    { storage, wrappingKey, sentinel, open }: Profile<S>,
    environment: Environment,
  ) {
    this.username = username;
    this.#core = core;
    this.wrappingKey = wrappingKey;
    this.#environment = environment;
    this.storage = storage;
    this.#sentinel = sentinel;
    this.openEngine = open;
  }

  /** A new account. @param environment replaces parts of {@link testEnvironment} */
  static async join(
    core: PersonCore,
    username: string,
    seed = 1,
    environment: Partial<Environment> = {},
  ): Promise<Person> {
    const person = await Person.device(core, username, seed, environment);
    await person.engine.createAccount(username, password);
    await person.connected();
    return person;
  }

  /** A device that is not signed in yet. */
  static async device(
    core: PersonCore,
    username: string,
    seed = 1,
    environment: Partial<Environment> = {},
  ): Promise<Person> {
    const wrappingKey = await importWrappingKey(crypto.getRandomValues(new Uint8Array(32)));
    return await Person.of(core, username, { storage: new MemoryStorage(), wrappingKey }, seed, environment);
  }

  /** A device over a profile that may hold records already. */
  static async of<S extends Storage>(
    core: PersonCore,
    username: string,
    profile: Profile<S>,
    seed = 1,
    environment: Partial<Environment> = {},
  ): Promise<Person<S>> {
    const person = new Person(username, core, profile, {
      ...core.time.environment(testEnvironment(seed)),
      ...environment,
    });
    await person.start();
    return person;
  }

  /** Another device of the same account, signed in. */
  async secondDevice(core: PersonCore): Promise<Person> {
    const second = await Person.device(core, this.username, 77);
    await second.engine.signIn(this.username, password);
    await second.connected();
    return second;
  }

  async start(): Promise<void> {
    this.engine = await (this.openEngine ?? Engine.open)({
      storage: this.storage,
      wrappingKey: this.wrappingKey,
      transport: this.wrapTransport(
        this.#remembered(
          this.#core.transport({ reachable: () => this.online, refuses: (method) => this.refuses(method) }),
        ),
      ),
      environment: this.#environment,
      page: {
        get: () => Promise.resolve(this.#sentinel),
        set: (text) => Promise.resolve(void (this.#sentinel = text)),
        remove: () => Promise.resolve(void (this.#sentinel = undefined)),
      },
      isWoken: this.isWoken,
      ...(!this.isWoken && { spool: this.spool, searchDatabases: () => Promise.resolve(this.searchDatabases!) }),
      ...(this.sendsReceipts && { sendsReceipts: true }),
      suite: { tag: opaqueSuite, harden: (y) => Promise.resolve(y) },
      listener: (event) => {
        this.events.push(event);
        this.onEvent(event);
        for (const watch of this.#watchers) watch();
      },
    });
  }

  #remembered(transport: Transport): Transport {
    return {
      connect: async (signal) => {
        this.#connection = await transport.connect(signal);
        return this.#connection;
      },
    };
  }

  /** The connection is lost, with what was on its way. */
  disconnect(): void {
    this.#connection?.close();
  }

  /** The process dies and starts again from what is on disk. */
  async crash(this: Person): Promise<void> {
    const survived = this.storage.restarted();
    // What the dying process would still write, and tell the server of, is not on the disk that is left.
    this.storage.die();
    await this.engine.close();
    this.storage = survived;
    await this.start();
  }

  /** The browser threw the storage away; the page's memory is left. */
  async evict(this: Person): Promise<void> {
    await this.engine.close();
    this.storage = new MemoryStorage();
    await this.start();
  }

  async close(): Promise<void> {
    await this.engine.close();
  }

  /** Waits until `look` gives something. @throws Error with this person's problems and chats after `withinMs` */
  async until<T>(
    look: () => Promise<T | undefined | false> | T | undefined | false,
    what: string,
    withinMs = patienceMs,
  ): Promise<T> {
    return await waitUntil(look, this.#watchers, withinMs, async () => {
      const [problems, chats] = [JSON.stringify(this.problems), JSON.stringify(await this.#story())];
      return `${this.username} waited in vain: ${what}; problems: ${problems}; chats: ${chats}`;
    });
  }

  /** @returns a short form of the chats, for the message of a failure */
  async #story(): Promise<unknown[]> {
    const chats = await this.engine.chats().catch(() => []);
    return await Promise.all(
      chats.map(async ({ chatId, title, active, invitation }) => {
        const told = { notices: await this.notices(chatId), texts: (await this.texts(chatId)).length };
        return { chatId: chatId.slice(0, 8), title, active, invitation, ...told };
      }),
    );
  }

  async connected(): Promise<void> {
    await this.until(async () => (await this.engine.connection()).kind === "connected", "a connection");
  }

  /** 32 bytes: the name of the device's queue. */
  async recipientKey(this: Person): Promise<Bytes> {
    const device = await new SealedStore(this.storage.restarted(), this.wrappingKey).get<StoredDevice>(
      "account",
      "device",
    );
    return device!.recipientKey;
  }

  /** The page's memory of the device. */
  get sentinel(): string | undefined {
    return this.#sentinel;
  }

  get problems(): unknown[] {
    return this.events.filter((event) => event.kind === "problem").map((event) => event.problem);
  }

  async chat(chatId: string): Promise<ChatSummary | undefined> {
    return (await this.engine.chats()).find((chat) => chat.chatId === chatId);
  }

  /** Waits for a chat to be there, and to look as wanted. */
  async sees(chatId: string, wanted: (chat: ChatSummary) => boolean = () => true): Promise<ChatSummary> {
    return await this.until(async () => {
      const chat = await this.chat(chatId);
      return chat && wanted(chat) ? chat : undefined;
    }, `chat ${chatId.slice(0, 8)}`);
  }

  /** @returns the message's id */
  async says(chatId: string, text: string): Promise<string> {
    const messageId = toHex(crypto.getRandomValues(new Uint8Array(16)));
    await this.engine.send(chatId, messageId, text);
    return messageId;
  }

  async items(chatId: string): Promise<TimelineItem[]> {
    const items: TimelineItem[] = [];
    let before: string | undefined;
    do {
      const page = await this.engine.timeline(chatId, before, 100);
      items.unshift(...page.items);
      before = page.before;
    } while (before);
    return items;
  }

  /** Marks everything as read that is in the chat now. */
  async readsAll(chatId: string): Promise<void> {
    await this.engine.markRead(chatId, (await this.items(chatId)).at(-1)!.order);
  }

  async texts(chatId: string, of?: string): Promise<string[]> {
    return (await this.items(chatId)).flatMap((item) =>
      item.kind === "message" && (of === undefined || item.sender === of) ? [item.text] : []
    );
  }

  async notices(chatId: string): Promise<string[]> {
    return (await this.items(chatId)).flatMap((item) =>
      item.kind === "notice" ? [[item.notice, ...Object.values(item.values)].join(" ")] : []
    );
  }

  /** Waits until the texts of one sender are exactly these, in order. */
  async hears(chatId: string, sender: string, expected: string[]): Promise<void> {
    await this.until(
      async () => (await this.texts(chatId, sender)).length >= expected.length,
      `${expected.length} texts of ${sender}`,
    );
    assert.deepEqual(await this.texts(chatId, sender), expected);
  }

  /** Waits until the conversation has moved to a replacement channel. */
  async moved(chatId: string): Promise<void> {
    const hasMoved = async () => (await this.notices(chatId)).some((notice) => notice.startsWith("successor"));
    await this.until(hasMoved, "the move");
  }

  /** Waits until nothing waits for the server's answer. */
  async settled(chatId: string): Promise<void> {
    const isSent = (item: TimelineItem) => item.kind !== "message" || item.state !== "waiting";
    await this.until(async () => (await this.items(chatId)).every(isSent), "all messages to be sent");
  }
}

export interface World {
  core: TestCore;
  /** @returns a new account; the name gets a number, so that all tests of a suite can share one core */
  join(name: string, environment?: Partial<Environment>): Promise<Person>;
}

/**
 * One Deno test with a step for each sentence, all against one core, because starting one takes longer than most tests.
 *
 * @param name what the suite is about
 * @param tests by sentence
 */
export function suite(name: string, tests: Record<string, (world: World) => Promise<void>>): void {
  Deno.test(name, async (context) => {
    const core = await TestCore.start();
    let joined = 0;
    try {
      for (const [sentence, test] of Object.entries(tests)) {
        await context.step(sentence, async () => {
          const people: Person[] = [];
          try {
            await test({
              core,
              join: async (who, environment) => {
                joined++;
                const person = await Person.join(core, `${who}${joined}`, joined, environment);
                people.push(person);
                return person;
              },
            });
          } finally {
            for (const person of people) await person.close();
            await core.idle();
          }
        });
      }
    } finally {
      await core.stop();
    }
  });
}

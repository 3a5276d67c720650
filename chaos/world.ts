/** Servers and people of a run: four accounts, a chat of two and a group of four. */

import { Shell } from "../cli/testing/shell.ts";
import { password } from "../cli/testing/shell.ts";
import type { EngineApi, TimelineItem } from "../client/api/engine_api.ts";
import { testEnvironment } from "../client/testing/test_environment.ts";
import { waitUntil } from "../client/testing/wait_until.ts";
import { Browser, startMs } from "./browser.ts";
import { Client } from "./client.ts";
import type { Talker } from "./decisions.ts";
import type { Printed } from "./judge.ts";
import { type Chat, chats, Ledger, type LedgerListener, type Name } from "./ledger.ts";
import { Servers } from "./servers.ts";
import { Receiver, Sender } from "./shell_people.ts";

/** Takes any call of an engine. */
type Call = <Method extends keyof EngineApi>(
  method: Method,
  ...args: Parameters<EngineApi[Method]>
) => Promise<Awaited<ReturnType<EngineApi[Method]>>>;

const chatNames = Object.keys(chats) as Chat[];
const pageItems = 200;

export interface WorldOptions {
  folder: string;
  seed: number;
  listener: LedgerListener;
  log: (who: string, line: string) => void;
}

/** Alice has a browser, Bob a client without a view, Carol follows at a shell, Dave sends at one. */
export class World {
  readonly ledger: Ledger;
  readonly servers: Servers;
  readonly browser: Browser;
  readonly receiver: Receiver;
  readonly sender: Sender;
  chatIds!: Record<Chat, string>;
  readonly #shell: Shell;
  readonly #log: (who: string, line: string) => void;
  #client: Client;

  private constructor({ folder, listener, log }: WorldOptions, servers: Servers) {
    this.#log = log;
    this.servers = servers;
    this.ledger = new Ledger(listener);
    this.#shell = new Shell(servers);
    const parts = (name: Name) => ({
      shell: this.#shell,
      ledger: this.ledger,
      name,
      log: (line: string) => log(name, line),
    });
    this.receiver = new Receiver(parts("carol"));
    this.sender = new Sender(parts("dave"));
    this.browser = new Browser({
      folder: `${folder}/browser`,
      url: servers.url,
      tell: (text, state) => this.ledger.tell("alice", text, state),
      log: (line) => log("alice", line),
    });
    this.#client = this.#startClient();
  }

  static async make(options: WorldOptions): Promise<World> {
    const { random } = testEnvironment(options.seed + 1);
    const world = new World(options, await Servers.start(options.folder, random, options.log));
    try {
      await world.#meet();
      return world;
    } catch (error) {
      await world.end();
      throw error;
    }
  }

  /** Makes accounts and chats. */
  async #meet(): Promise<void> {
    const shell = async (name: Name, command: string) => {
      const { code, stderr } = await this.#shell.run(name, `${command} --timeout ${startMs / 1000}`);
      if (code !== 0) throw new Error(`${name}$ ${command}: ${stderr}`);
    };
    await Promise.all([
      this.browser.launch().then(() => this.browser.createAccount("alice")),
      this.#client.call("createAccount", "bob", password),
      shell("carol", "qpq register carol"),
      shell("dave", "qpq register dave"),
    ]);
    this.chatIds = {
      pair: await this.#client.call("startChat", ["alice"]),
      four: await this.#client.call("startChat", ["alice", "carol", "dave"], "four"),
    };
    await Promise.all([
      shell("carol", "qpq join"),
      shell("dave", "qpq join"),
      ...chatNames.map((chat) => this.#acceptInPage(this.chatIds[chat])),
    ]);
    await this.#client.call("setRole", this.chatIds.four, "alice", "admin");
    await this.browser.open(this.chatIds);
  }

  async #acceptInPage(chatId: string): Promise<void> {
    const invited = async () => (await this.browser.call("chats")).some((chat) => chat.chatId === chatId);
    await waitUntil(invited, new Set(), startMs, async () => "the page was told of no invitation");
    await this.browser.call("acceptInvitation", chatId);
  }

  /** Says one more numbered message. It may come to nothing while the person's process is away. */
  async say(name: Talker, chat: Chat): Promise<void> {
    const text = this.ledger.next(name, chat);
    if (name === "alice") {
      if (!await this.browser.write(chat, text)) this.#log(name, `${text}: no tab took it`);
      return;
    }
    const id = crypto.randomUUID().replaceAll("-", "");
    await this.#client.call("send", this.chatIds[chat], id, text).then(
      () => this.ledger.tell(name, text, "kept"),
      (error) => this.#log(name, `${text}: ${error.message}`),
    );
  }

  /** Makes a new epoch in the group. */
  rename(name: Talker, title: string): void {
    const done = name === "alice"
      ? this.browser.call("renameChat", this.chatIds.four, title)
      : this.#client.call("renameChat", this.chatIds.four, title);
    done.catch((error) => this.#log(name, `rename: ${error.message}`));
  }

  async killClient(): Promise<void> {
    await this.#client.kill();
  }

  restartClient(): void {
    this.#client = this.#startClient();
  }

  #startClient(): Client {
    return new Client({
      statePath: this.#shell.statePath("bob"),
      servers: this.servers,
      onEvent: (event) => {
        if (event.kind !== "timeline") return;
        for (const item of event.items) if (item.kind === "message") this.ledger.tell("bob", item.text, item.state);
      },
      log: (line) => this.#log("bob", line),
    });
  }

  /** Prints what is left at a shell. @returns all that was printed there, by processes */
  async printed(): Promise<Map<Name, Printed[]>> {
    await Promise.all([this.receiver.recv(), this.sender.recv()]);
    return new Map([["carol", this.receiver.printed], ["dave", this.sender.printed]]);
  }

  /** Reads all of what a person's device holds. The processes of the shell's people must have ended. */
  async timelines(name: Name): Promise<Map<Chat, TimelineItem[]>> {
    if (name === "alice") return await this.#read(name, (method, ...args) => this.browser.call(method, ...args));
    if (name === "bob") return await this.#read(name, (method, ...args) => this.#client.call(method, ...args) as never);
    const log = (line: string) => this.#log(name, line);
    const reader = new Client({ statePath: this.#shell.statePath(name), servers: this.servers, log });
    try {
      return await this.#read(name, (method, ...args) => reader.call(method, ...args) as never);
    } finally {
      await reader.kill();
    }
  }

  async #read(name: Name, call: Call): Promise<Map<Chat, TimelineItem[]>> {
    const read = new Map<Chat, TimelineItem[]>();
    for (const chat of chatNames.filter((chat) => (chats[chat] as readonly Name[]).includes(name))) {
      const items: TimelineItem[] = [];
      let before: string | undefined;
      do {
        const page = await call("timeline", this.chatIds[chat], before, pageItems);
        items.unshift(...page.items);
        before = page.before;
      } while (before !== undefined);
      read.set(chat, items);
    }
    return read;
  }

  async end(): Promise<void> {
    await Promise.all([this.browser.kill(), this.#client.kill(), this.receiver.kill(), this.sender.kill()]);
    await this.servers.stop();
  }
}

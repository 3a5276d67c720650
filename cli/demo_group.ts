/**
 * The `demo-group` command: alice, bob and carol in one process create accounts and a group, write, remove a member
 * and leave. Prints each step, and fails when one fails. Only the server that --server names gets these accounts.
 */

import type { ChatSummary } from "../client/api/engine_api.ts";
import { LocalCode } from "../client/api/errors.ts";
import type { Invocation } from "./arguments.ts";
import { targetOf } from "./arguments.ts";
import { Failure } from "./failure.ts";
import type { Output } from "./output.ts";
import type { OutputRecord } from "./records.ts";
import { Session } from "./session.ts";
import { SqliteStorage } from "./storage/sqlite_storage.ts";
import { type QuicTarget, QuicTransport } from "./transport/quic.ts";
import { permissionArguments } from "./permissions.mjs";
import { exitCodes } from "./usage.ts";

const names = ["alice", "bob", "carol"] as const;

/** Cleanup steps, the latest first. */
type Cleanups = (() => Promise<void>)[];

/** @param interrupted ends the demo early and cleans up @throws Failure, the signal's reason */
export async function demoGroup(invocation: Invocation, output: Output, interrupted: AbortSignal): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "qpq-demo-" });
  const cleanups: Cleanups = [() => Deno.remove(folder, { recursive: true })];
  const stopped = new Promise<never>((_, reject) => {
    if (interrupted.aborted) reject(interrupted.reason);
    interrupted.addEventListener("abort", () => reject(interrupted.reason), { once: true });
  });
  try {
    await Promise.race([run(invocation, output, folder, cleanups), stopped]);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function run(invocation: Invocation, output: Output, folder: string, cleanups: Cleanups): Promise<void> {
  const target = invocation.serverGiven ? invocation.target() : await startCore(folder, cleanups);
  // New names each time, so that the demo can run again against the same server.
  const suffix = invocation.serverGiven
    ? `-${Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`
    : "";
  const people = await Promise.all(
    names.map((name) => join(`${name}${suffix}`, target, folder, invocation.timeoutMs, output, cleanups)),
  );
  await play(people, new Steps(output, invocation.timeoutMs));
}

interface Person {
  username: string;
  session: Session;
}

async function join(
  username: string,
  target: QuicTarget,
  folder: string,
  timeoutMs: number,
  output: Output,
  cleanups: Cleanups,
): Promise<Person> {
  const session = await Session.open({
    storage: SqliteStorage.open(`${folder}/${username}.db`),
    transport: new QuicTransport(target),
    timeoutMs,
    output,
  });
  cleanups.push(() => session.close());
  const password = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");
  await session.engine.createAccount(username, password);
  await session.synced();
  const { accountKey } = await session.requireSignedIn();
  await output.line(`${username} has an account`, { type: "step", step: "register", username, accountKey });
  return { username, session };
}

class Steps {
  readonly #output: Output;
  readonly #timeoutMs: number;

  constructor(output: Output, timeoutMs: number) {
    this.#output = output;
    this.#timeoutMs = timeoutMs;
  }

  async say(text: string, record: Omit<OutputRecord & { type: "step" }, "type">): Promise<void> {
    await this.#output.line(text, { type: "step", ...record });
  }

  /** Waits until `look` returns a value. */
  async until<T>({ session, username }: Person, what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    const endMs = Date.now() + this.#timeoutMs;
    while (true) {
      const found = await look();
      if (found) return found;
      if (Date.now() > endMs) {
        throw new Failure(exitCodes.failed, `${username} waited in vain for ${what}`, undefined, LocalCode.internal);
      }
      await new Promise<void>((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          unwatch();
          resolve();
        };
        const timer = setTimeout(finish, 200);
        const unwatch = session.watch(finish);
      });
    }
  }

  async chat(person: Person, groupId: string, looks: (chat: ChatSummary) => boolean): Promise<ChatSummary> {
    return await this.until(
      person,
      "the group",
      async () => (await person.session.engine.chats()).find((chat) => chat.chatId === groupId && looks(chat)),
    );
  }

  async hears(person: Person, groupId: string, from: Person, text: string): Promise<void> {
    await this.until(
      person,
      `"${text}"`,
      async () =>
        (await person.session.engine.timeline(groupId)).items.some((item) =>
          item.kind === "message" && item.sender === from.username && item.text === text
        ),
    );
  }
}

async function play([alice, bob, carol]: Person[], steps: Steps): Promise<void> {
  const say = async (from: Person, to: Person[], groupId: string, text: string) => {
    await from.session.send(groupId, text);
    await Promise.all(to.map((person) => steps.hears(person, groupId, from, text)));
    await steps.say(`${from.username}: ${text}  (read by ${to.map(({ username }) => username).join(" and ")})`, {
      step: "message",
      from: from.username,
      to: to.map(({ username }) => username),
      text,
    });
  };
  const groupId = await alice.session.engine.startChat([], "demo");
  await steps.say(`${alice.username} makes the group demo`, { step: "create-group", groupId });
  await alice.session.engine.addPeople(groupId, [bob.username, carol.username]);
  await steps.say(`${alice.username} invites ${bob.username} and ${carol.username}`, { step: "invite", groupId });
  for (const person of [bob, carol]) {
    await steps.chat(person, groupId, ({ invitation }) => invitation);
    await person.session.engine.acceptInvitation(groupId);
    await steps.say(`${person.username} joins`, { step: "join", username: person.username });
  }
  await say(alice, [bob, carol], groupId, "hello, both of you");
  await say(bob, [alice, carol], groupId, "hello from bob");
  await say(carol, [alice, bob], groupId, "and from carol");
  await alice.session.engine.removePerson(groupId, bob.username);
  await steps.chat(bob, groupId, ({ active }) => !active);
  await steps.chat(carol, groupId, ({ members }) => members.length === 2);
  await steps.say(`${alice.username} removes ${bob.username}`, { step: "remove", username: bob.username });
  await say(carol, [alice], groupId, "only two of us now");
  const overheard = (await bob.session.engine.timeline(groupId)).items.some((item) =>
    item.kind === "message" && item.text === "only two of us now"
  );
  if (overheard) {
    throw new Failure(exitCodes.failed, "a removed member read what followed", undefined, LocalCode.internal);
  }
  await carol.session.engine.leaveChat(groupId);
  await steps.chat(carol, groupId, ({ active }) => !active);
  await steps.chat(alice, groupId, ({ members }) => members.length === 1);
  await steps.say(`${carol.username} leaves; all of it worked`, { step: "leave", username: carol.username });
}

/** Starts a core of the demo's own on a free port; it ends with the demo. */
async function startCore(folder: string, cleanups: Cleanups): Promise<QuicTarget> {
  const main = new URL("../server-core/main.ts", import.meta.url);
  const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
  const { args } = permissionArguments(
    { net: ["127.0.0.1"], env: true, read: [root, folder], write: [folder], ffi: true },
    folder,
  );
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-check",
      "--cached-only",
      "--unstable-net",
      ...args,
      decodeURIComponent(main.pathname),
    ],
    // The core inherits nothing from the caller: neither passwords nor settings of another core.
    clearEnv: true,
    // The folder in which the core looks for qpq-server.toml, and finds none.
    cwd: folder,
    env: { QPQ_DATA: `${folder}/core`, QPQ_LISTEN: "127.0.0.1:0", QPQ_END_WITH_STDIN: "1" },
    // Nothing is written into it: the core ends with the demo, however that ends.
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  cleanups.push(async () => {
    try {
      process.kill("SIGTERM");
    } catch {
      // Ctrl+C has reached the core as well, and it has ended.
    }
    await process.status;
  });
  const ready = await firstLine(process.stdout, /^qpq-server: ready addr=(\S+) pin=([0-9a-f]{64})$/m);
  if (!ready) {
    throw new Failure(
      exitCodes.failed,
      "the demo's own core did not start",
      "give a server with --server",
      LocalCode.internal,
    );
  }
  const [, addr, pin] = ready;
  return targetOf(addr, pin, undefined);
}

async function firstLine(output: ReadableStream<Uint8Array>, wanted: RegExp): Promise<RegExpExecArray | null> {
  let text = "";
  const reader = output.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    const found = wanted.exec(text);
    if (found) {
      // Keeps reading the log, so that the core never blocks on it.
      void (async () => {
        while (!(await reader.read()).done);
      })();
      return found;
    }
  }
  return null;
}

/** The tab that holds the lock: runs the one live engine and answers the other tabs' calls. */

import { callEngine, type EmitEvent, type EngineMethod, isEngineMethod, type OpenEngine } from "./engine_methods.ts";
import { problemOf } from "./engine_problem.ts";
import { type TabChannel, type TabMessage, versionOf } from "./tab_protocol.ts";

/** How many answered calls are remembered, so that one asked again is answered again and not done again. */
const rememberedCalls = 512;
/** These change nothing, so they can be done again; their answers would fill the memory. */
const unremembered: ReadonlySet<string> = new Set(["attachmentPiece", "exportPart"] satisfies EngineMethod[]);

export interface Leader {
  call(method: Parameters<typeof callEngine>[1], args: unknown[]): Promise<unknown>;
  /** Tells every tab how things stand, after a change of leader. */
  announce(): Promise<void>;
  /**
   * Takes on no more calls and keeps those that come. @returns false, and does nothing, while a call runs or when it
   * does so already
   */
  pause(): boolean;
  /** Goes on, with the calls that were kept. */
  resume(): void;
  stop(): void;
}

export interface LeaderParts {
  engine: OpenEngine;
  channel: TabChannel;
  /** This leader's id, new each time. */
  leader: string;
  emit: EmitEvent;
  /** Told whenever no call runs any more. */
  idle(): void;
  /** Told whenever a tab of a newer version asks who leads. */
  outdated(): void;
  /** of this tab's build */
  version: number;
}

/** Begins to lead: tells the other tabs, and answers their calls from now on. */
export function lead({ engine, channel, leader, emit, idle, outdated, version }: LeaderParts): Leader {
  const answers = new Map<string, Promise<TabMessage>>();
  let running = 0;
  let kept: TabMessage[] | undefined;

  function answerTo(message: TabMessage & { kind: "call" }): Promise<TabMessage> {
    const known = answers.get(message.id);
    if (known) return known;
    const answer = callEngine(engine.api, message.method, message.args).then(
      (result): TabMessage => ({ kind: "answer", id: message.id, result }),
      (error): TabMessage => ({ kind: "refusal", id: message.id, problem: problemOf(error) }),
    );
    if (unremembered.has(message.method)) return answer;
    answers.set(message.id, answer);
    if (answers.size > rememberedCalls) answers.delete(answers.keys().next().value!);
    return answer;
  }

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      if (running === 0) idle();
    }
  }

  const tellLeading = () => channel.postMessage({ kind: "leading", leader, version });

  function onMessage(data: TabMessage): void {
    if (data.kind === "who-leads" && versionOf(data) > version) outdated();
    if (kept) kept.push(data);
    else if (data.kind === "who-leads") tellLeading();
    else if (data.kind === "call" && isEngineMethod(data.method)) {
      // A call runs until its answer is on the channel: what is said after the last one comes after it.
      void counted(async () => channel.postMessage(await answerTo(data)));
    }
  }

  const listener = ({ data }: { data: TabMessage }) => onMessage(data);
  channel.addEventListener("message", listener);
  tellLeading();
  return {
    call: (method, args) => counted(() => callEngine(engine.api, method, args)),
    async announce() {
      emit({ kind: "account", account: await engine.api.account() });
      emit({ kind: "connection", connection: await engine.api.connection() });
      const chats = await engine.api.chats();
      emit({ kind: "chats", chats });
      emit({ kind: "awaited", chats: await engine.api.awaitedChats() });
      // The leader before may have stored what it could not tell of any more.
      for (const { chatId } of chats) emit({ kind: "reread", chatId });
    },
    pause() {
      if (running > 0 || kept) return false;
      kept = [];
      return true;
    },
    resume() {
      const waiting = kept ?? [];
      kept = undefined;
      tellLeading();
      for (const message of waiting) onMessage(message);
    },
    stop: () => channel.removeEventListener("message", listener),
  };
}

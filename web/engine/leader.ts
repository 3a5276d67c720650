/** The tab that holds the lock: runs the one live engine and answers the other tabs' calls. */

import { callEngine, type EmitEvent, isEngineMethod, type OpenEngine } from "./engine_methods.ts";
import { problemOf } from "./engine_problem.ts";
import type { TabChannel, TabMessage } from "./tab_protocol.ts";

/** How many answered calls are remembered, so that one asked again is answered again and not done again. */
const rememberedCalls = 512;

export interface Leader {
  call(method: Parameters<typeof callEngine>[1], args: unknown[]): Promise<unknown>;
  /** Tells every tab how things stand, after a change of leader. */
  announce(): Promise<void>;
  stop(): void;
}

/** @param leader this leader's id, new each time */
export function lead(engine: OpenEngine, channel: TabChannel, leader: string, emit: EmitEvent): Leader {
  const answers = new Map<string, Promise<TabMessage>>();

  function answerTo(message: TabMessage & { kind: "call" }): Promise<TabMessage> {
    const known = answers.get(message.id);
    if (known) return known;
    const answer = callEngine(engine.api, message.method, message.args).then(
      (result): TabMessage => ({ kind: "answer", id: message.id, result }),
      (error): TabMessage => ({ kind: "refusal", id: message.id, problem: problemOf(error) }),
    );
    answers.set(message.id, answer);
    if (answers.size > rememberedCalls) answers.delete(answers.keys().next().value!);
    return answer;
  }

  async function onMessage({ data }: { data: TabMessage }): Promise<void> {
    if (data.kind === "who-leads") channel.postMessage({ kind: "leading", leader });
    if (data.kind === "call" && isEngineMethod(data.method)) channel.postMessage(await answerTo(data));
  }

  const listener = (event: { data: TabMessage }) => void onMessage(event);
  channel.addEventListener("message", listener);
  channel.postMessage({ kind: "leading", leader });
  return {
    call: (method, args) => callEngine(engine.api, method, args),
    async announce() {
      emit({ kind: "account", account: await engine.api.account() });
      emit({ kind: "connection", connection: await engine.api.connection() });
      emit({ kind: "chats", chats: await engine.api.chats() });
    },
    stop: () => channel.removeEventListener("message", listener),
  };
}

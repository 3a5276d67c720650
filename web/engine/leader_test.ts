import assert from "node:assert/strict";
import type { EngineApi } from "../../client/api/engine_api.ts";
import { until } from "../../schema/testing/until.ts";
import type { EngineMethod } from "./engine_methods.ts";
import { lead } from "./leader.ts";
import type { TabChannel, TabMessage } from "./tab_protocol.ts";

/** A leader whose engine counts the calls of each method. @returns how it is asked, and the counts */
function counted() {
  const calls: Record<string, number> = {};
  const said: TabMessage[] = [];
  let hear = (_event: { data: TabMessage }) => {};
  const channel = {
    postMessage: (message: TabMessage) => void said.push(message),
    addEventListener: (_type: "message", listener: typeof hear) => hear = listener,
    removeEventListener() {},
  } as TabChannel;
  const api = new Proxy({} as EngineApi, {
    get: (_target, method: string) => () => {
      calls[method] = (calls[method] ?? 0) + 1;
      return Promise.resolve(new Uint8Array(1));
    },
  });
  const engine = { api, close: () => Promise.resolve() };
  lead({ engine, channel, leader: "a", emit() {}, idle() {}, outdated() {}, version: 1 });
  /** Asks for a method twice under one id, one after the other. */
  const askTwice = async (method: EngineMethod) => {
    for (let time = 1; time <= 2; time++) {
      const before = said.length;
      hear({ data: { kind: "call", id: method, method, args: [] } as TabMessage });
      await until(() => said.length > before);
    }
  };
  return { calls, said, askTwice };
}

Deno.test("CONVERSATIONS: a leader remembers answers to calls asked again, but no pieces of files", async () => {
  const { calls, said, askTwice } = counted();
  await askTwice("startChat");
  await askTwice("attachmentPiece");
  await askTwice("exportPart");
  assert.deepEqual(calls, { startChat: 1, attachmentPiece: 2, exportPart: 2 });
  assert.equal(said.filter(({ kind }) => kind === "answer").length, 6);
});

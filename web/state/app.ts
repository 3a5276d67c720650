/** The view state of the whole page: what the engine last told, as signals, and where the user is. */

import { createMemo, createSignal } from "solid-js";
import type { AccountState, ChatSummary, ConnectionState, EngineApi, EngineEvent, EngineListener, EngineProblem, Progress, TimelineItem } from "../../client/engine/api.ts";
import { createNavigation, type Navigation } from "./navigation.ts";
import { problemFrom } from "./task.ts";

export type TimelineListener = (items: TimelineItem[]) => void;

export interface App {
  engine: EngineApi;
  navigation: Navigation;
  /** A device lives here as far as the page remembers: the form to sign in is not shown before the engine has said. */
  expectsDevice: boolean;
  /** Undefined until the engine has said. */
  account(): AccountState | undefined;
  connection(): ConnectionState;
  progress(): Progress | undefined;
  /** Newest first; undefined until the engine has said. */
  chats(): ChatSummary[] | undefined;
  chat(chatId: string): ChatSummary | undefined;
  problem(): EngineProblem | undefined;
  dismissProblem(): void;
  /** A problem without which nothing goes on: shown in the place of everything. */
  fatal(): EngineProblem | undefined;
  report(error: unknown): void;
  /** @returns stops listening */
  listenTimeline(chatId: string, listener: TimelineListener): () => void;
  /** A draft per chat. Only in memory: plaintext is never written beside the sealed store. */
  drafts: Map<string, string>;
  recoveryCode(): string | undefined;
  showRecoveryCode(code: string | undefined): void;
  /** While an account is made or signed in, the form stays until that has ended. */
  entering(): boolean;
  setEntering(entering: boolean): void;
}

const fatalCodes = new Set(["L009"]);

/**
 * @param start starts the engine with a listener for its events
 * @param expectsDevice whether the page remembers a device
 */
export function createApp(start: (listener: EngineListener) => EngineApi, expectsDevice: boolean): App {
  const [account, setAccount] = createSignal<AccountState>();
  const [connection, setConnection] = createSignal<ConnectionState>({ kind: "connecting" });
  const [progress, setProgress] = createSignal<Progress>();
  const [chats, setChats] = createSignal<ChatSummary[]>();
  const [problem, setProblem] = createSignal<EngineProblem>();
  const [fatal, setFatal] = createSignal<EngineProblem>();
  const [recoveryCode, showRecoveryCode] = createSignal<string>();
  const [entering, setEntering] = createSignal(false);
  const timelines = new Map<string, Set<TimelineListener>>();
  const drafts = new Map<string, string>();

  function show(found: EngineProblem): void {
    // Before the account is known there is nothing else to show the problem on.
    if (fatalCodes.has(found.code) || account() === undefined) setFatal(found);
    else setProblem(found);
  }

  function takeAccount(found: AccountState): void {
    setFatal(undefined);
    if (found.kind === "signed-out") {
      drafts.clear();
      setChats(undefined);
    }
    setAccount(found);
  }

  function listener(event: EngineEvent): void {
    if (event.kind === "account") takeAccount(event.account);
    else if (event.kind === "connection") setConnection(event.connection);
    else if (event.kind === "progress") setProgress(event.progress);
    else if (event.kind === "chats") setChats(event.chats);
    else if (event.kind === "timeline") timelines.get(event.chatId)?.forEach((tell) => tell(event.items));
    else if (event.kind === "problem") show(event.problem);
  }

  const engine = start(listener);
  const report = (error: unknown) => show(problemFrom(error));
  void engine.account().then(takeAccount).catch(report);
  void engine.connection().then(setConnection, () => {});
  void engine.chats().then((found) => setChats((known) => known ?? found), () => {});
  const wake = () => void engine.wake().catch(() => {});
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());

  const sorted = createMemo(() => chats()?.toSorted((a, b) => b.activityMs - a.activityMs));
  return {
    engine,
    navigation: createNavigation(),
    expectsDevice,
    account,
    connection,
    progress,
    chats: sorted,
    chat: (chatId) => chats()?.find((one) => one.chatId === chatId),
    problem,
    dismissProblem: () => setProblem(undefined),
    fatal,
    report,
    listenTimeline(chatId, tell) {
      const listeners = timelines.get(chatId) ?? new Set();
      timelines.set(chatId, listeners.add(tell));
      return () => listeners.delete(tell);
    },
    drafts,
    recoveryCode,
    showRecoveryCode,
    entering,
    setEntering,
  };
}

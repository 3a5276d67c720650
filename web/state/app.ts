/** The view state of the whole page: what the engine last told, as signals, and where the user is. */

import { createMemo, createSignal } from "solid-js";
import type {
  AccountState,
  ChatSummary,
  ConnectionState,
  EngineApi,
  EngineEvent,
  EngineListener,
  Progress,
  TimelineItem,
} from "../../client/api/engine_api.ts";
import type { EngineProblem } from "../../client/api/errors.ts";
import { createNavigation, type Navigation } from "./navigation.ts";
import { onCodeLeftElsewhere, rememberCodeLeft, wasCodeLeft } from "./recovery_reminder.ts";
import { problemFrom } from "./task.ts";

export type TimelineListener = (items: TimelineItem[]) => void;
export type TypingListener = (username: string) => void;

export interface ShownRecoveryCode {
  code: string;
  /** "replaced": there was another one before. */
  occasion: "new-account" | "replaced";
}

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
  /** Told when what is shown of a chat has to be read again. @returns stops listening */
  listenReread(chatId: string, listener: () => void): () => void;
  /** @returns stops listening */
  listenTyping(chatId: string, listener: TypingListener): () => void;
  /** A draft per chat. Only in memory: plaintext is never written beside the sealed store. */
  drafts: Map<string, string>;
  /** A recovery code that has to be noted before anything else. */
  recoveryCode(): ShownRecoveryCode | undefined;
  /** @param code undefined: it was noted */
  showRecoveryCode(code: ShownRecoveryCode | undefined): void;
  /** A code was shown and the page went before it was confirmed. */
  recoveryCodeLeft(): boolean;
  /** It is in the user's hands all the same. */
  keepRecoveryCode(): void;
  /** Whose safety number is on the screen. */
  comparing(): string | undefined;
  compare(username: string | undefined): void;
  /** While an account is made or signed in, the form stays until that has ended. */
  entering(): boolean;
  setEntering(entering: boolean): void;
}

const fatalCodes = new Set(["L009"]);

/** Who wants to hear of what happens in a chat. */
function listenersByChat<Event>(): {
  listen(chatId: string, listener: (event: Event) => void): () => void;
  tell(chatId: string, event: Event): void;
} {
  const byChat = new Map<string, Set<(event: Event) => void>>();
  return {
    listen(chatId, listener) {
      const listeners = byChat.get(chatId) ?? new Set();
      byChat.set(chatId, listeners.add(listener));
      return () => void listeners.delete(listener);
    },
    tell: (chatId, event) => byChat.get(chatId)?.forEach((listener) => listener(event)),
  };
}

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
  const [recoveryCode, setRecoveryCode] = createSignal<ShownRecoveryCode>();
  const [codeLeft, setCodeLeft] = createSignal(wasCodeLeft());
  onCodeLeftElsewhere(setCodeLeft);
  const leaveCode = (left: boolean) => {
    setCodeLeft(left);
    rememberCodeLeft(left);
  };
  const [entering, setEntering] = createSignal(false);
  const [comparing, compare] = createSignal<string>();
  const timelines = listenersByChat<TimelineItem[]>();
  const rereads = listenersByChat<undefined>();
  const typings = listenersByChat<string>();
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
      compare(undefined);
      leaveCode(false);
    }
    setAccount(found);
  }

  function listener(event: EngineEvent): void {
    if (event.kind === "account") takeAccount(event.account);
    else if (event.kind === "connection") setConnection(event.connection);
    else if (event.kind === "progress") setProgress(event.progress);
    else if (event.kind === "chats") setChats(event.chats);
    else if (event.kind === "timeline") timelines.tell(event.chatId, event.items);
    else if (event.kind === "reread") rereads.tell(event.chatId, undefined);
    else if (event.kind === "typing") typings.tell(event.chatId, event.username);
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
    listenTimeline: timelines.listen,
    listenReread: rereads.listen,
    listenTyping: typings.listen,
    drafts,
    recoveryCode,
    showRecoveryCode(code) {
      setRecoveryCode(code);
      leaveCode(code !== undefined);
    },
    recoveryCodeLeft: () => codeLeft() && recoveryCode() === undefined,
    keepRecoveryCode: () => leaveCode(false),
    comparing,
    compare,
    entering,
    setEntering,
  };
}

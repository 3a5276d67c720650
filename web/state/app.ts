/** The view state of the whole page: the engine's latest reports as signals, and the route. */

import { createMemo, createSignal } from "solid-js";
import { byListOrder } from "../../client/api/chat_list.ts";
import type {
  AccountState,
  ChatSummary,
  ConnectionState,
  EngineApi,
  EngineEvent,
  EngineListener,
  MessageItem,
  Progress,
  ReceiptMarks,
  TimelineItem,
} from "../../client/api/engine_api.ts";
import { type EngineProblem, LocalCode } from "../../client/api/errors.ts";
import type { LastList } from "../../client/api/last_list.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import { forgetEmoji } from "./emoji/emoji_choice.ts";
import { createFirstSteps, type FirstSteps } from "./first_steps.ts";
import { createInstall, type Install } from "./install.ts";
import { createNavigation, type Navigation } from "./navigation.ts";
import { createPeopleFaces, type PeopleFaces } from "./people_faces.ts";
import { createOutgoing, type Outgoing } from "./outgoing/outgoing.ts";
import { createOpenedLink, type OpenedLink } from "./opened_link.ts";
import { createOpenings, type Openings } from "./openings.ts";
import { onCodeLeftElsewhere, rememberCodeLeft, wasCodeLeft } from "./recovery_reminder.ts";
import { problemFrom } from "./task.ts";

export type TimelineListener = (items: TimelineItem[]) => void;
export type TypingListener = (username: string) => void;

export interface ShownRecoveryCode {
  code: string;
  /** "replaced": the account had another code before. */
  occasion: "new-account" | "replaced";
}

export interface App {
  engine: EngineApi;
  navigation: Navigation;
  /** Whether the page remembers a device. If so, the sign-in form is hidden until the engine has reported. */
  expectsDevice: boolean;
  openings: Openings;
  install: Install;
  firstSteps: FirstSteps;
  /** Undefined until the engine has reported. */
  account(): AccountState | undefined;
  connection(): ConnectionState;
  progress(): Progress | undefined;
  /** In the order of the list; undefined until the engine has reported. */
  chats(): ChatSummary[] | undefined;
  chat(chatId: string): ChatSummary | undefined;
  /** How many chats of the account this device has not been added to yet. */
  awaited(): number;
  problem(): EngineProblem | undefined;
  dismissProblem(): void;
  /** A problem that stops the app; it is shown in place of everything else. */
  fatal(): EngineProblem | undefined;
  report(error: unknown): void;
  /** @returns ends the listening */
  listenTimeline(chatId: string, listener: TimelineListener): () => void;
  /** @param listener called when the shown part of a chat has to be read again @returns ends the listening */
  listenReread(chatId: string, listener: () => void): () => void;
  /** Items that are no longer on this device, by their `order`. */
  listenErased(chatId: string, listener: (orders: string[]) => void): () => void;
  /** How far the others of the chat have come. @returns ends the listening */
  listenMarks(chatId: string, listener: (marks: ReceiptMarks) => void): () => void;
  /** @returns ends the listening */
  listenTyping(chatId: string, listener: TypingListener): () => void;
  /** What is begun in each chat. Plaintext is never written beside the sealed store. */
  drafts: Drafts;
  /** Files on their way out. */
  outgoing: Outgoing;
  /** Messages by chat that the engine could not store: their text is nowhere else. */
  unsaved: Map<string, MessageItem[]>;
  /** Messages that the engine is storing, by messageId: until it has, their text is nowhere else, too. */
  saving: Set<string>;
  /** A recovery code that the user has to note before anything else. */
  recoveryCode(): ShownRecoveryCode | undefined;
  /** @param code undefined: the user has noted the code */
  showRecoveryCode(code: ShownRecoveryCode | undefined): void;
  /** A code was shown, and the page was closed before the user confirmed it. */
  recoveryCodeLeft(): boolean;
  /** The user says that the code is noted all the same. */
  keepRecoveryCode(): void;
  /** The username of the person whose safety number is shown. */
  comparing(): string | undefined;
  compare(username: string | undefined): void;
  /** The account that was deleted here just now. */
  deleted(): string | undefined;
  setDeleted(username: string | undefined): void;
  /** The invite link with which the app was opened. */
  openedLink: OpenedLink;
  /** What people show of themselves. */
  people: PeopleFaces;
  /** Rises when settings about people, links or requests are others. */
  peopleVersion(): number;
  /** While an account is created or signed in, the form stays visible. */
  entering(): boolean;
  setEntering(entering: boolean): void;
}

const fatalCodes = new Set(["L009", "L034", "L036"]);

/** Listeners to events of one kind, by chat. */
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
 * @param lastList what the list showed last: it is shown until the engine has said something
 */
export function createApp(
  start: (listener: EngineListener) => EngineApi,
  expectsDevice: boolean,
  lastList: Promise<LastList | undefined> = Promise.resolve(undefined),
): App {
  const [account, setAccount] = createSignal<AccountState>();
  const [connection, setConnection] = createSignal<ConnectionState>({ kind: "connecting" });
  const [progress, setProgress] = createSignal<Progress>();
  const [chats, setChats] = createSignal<ChatSummary[]>();
  const [awaited, setAwaited] = createSignal(0);
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
  const [peopleVersion, setPeopleVersion] = createSignal(1);
  const [deleted, setDeleted] = createSignal<string>();
  const [comparing, compare] = createSignal<string>();
  const timelines = listenersByChat<TimelineItem[]>();
  const rereads = listenersByChat<undefined>();
  const erasures = listenersByChat<string[]>();
  const typings = listenersByChat<string>();
  const markings = listenersByChat<ReceiptMarks>();
  /** Another one after signing out: what fails late belongs to the account before. */
  let unsaved = new Map<string, MessageItem[]>();
  const saving = new Set<string>();
  const navigation = createNavigation();
  const openings = createOpenings();
  const firstSteps = createFirstSteps();

  /** What the engine has said. */
  const heard = { account: false, chats: false };

  function show(found: EngineProblem): void {
    // Before the account is known, no other screen could show the problem.
    if (fatalCodes.has(found.code) || !heard.account) setFatal(found);
    else setProblem(found);
  }

  function takeAccount(found: AccountState): void {
    heard.account = true;
    setFatal(undefined);
    if (found.kind === "signed-in") {
      setDeleted(undefined);
      outgoing.start();
    }
    if (found.kind === "signed-out") {
      people.pictures.clear();
      forgetEmoji();
      drafts.clear();
      outgoing.clear();
      unsaved = new Map();
      setChats(undefined);
      setAwaited(0);
      compare(undefined);
      openings.close();
      firstSteps.end();
      leaveCode(false);
    }
    setAccount(found);
    people.refresh();
  }

  function takeChats(found: ChatSummary[]): void {
    // The benchmark reads it.
    if (!heard.chats) performance.mark("list of the engine");
    heard.chats = true;
    drafts.heard(found);
    setChats(found);
  }

  function takePeople(): void {
    setPeopleVersion((count) => count + 1);
    people.refresh();
  }

  function takeConnection(found: ConnectionState): void {
    setConnection(found);
    if (found.kind === "connected") people.pictures.retry();
  }

  function listener(event: EngineEvent): void {
    if (event.kind === "account") takeAccount(event.account);
    else if (event.kind === "connection") takeConnection(event.connection);
    else if (event.kind === "progress") setProgress(event.progress);
    else if (event.kind === "chats") takeChats(event.chats);
    else if (event.kind === "awaited") setAwaited(event.chats);
    else if (event.kind === "timeline") timelines.tell(event.chatId, event.items);
    else if (event.kind === "reread") rereads.tell(event.chatId, undefined);
    else if (event.kind === "erased") erasures.tell(event.chatId, event.orders);
    else if (event.kind === "typing") typings.tell(event.chatId, event.username);
    else if (event.kind === "marks") markings.tell(event.chatId, event.marks);
    else if (event.kind === "people") takePeople();
    else if (event.kind === "transfer") outgoing.heard(event.transfer);
    else if (event.kind === "problem") show(event.problem);
  }

  const engine = start(listener);
  const drafts = createDrafts(engine);
  const people = createPeopleFaces(engine, chats, () => {
    const known = account();
    return known?.kind === "signed-in" ? known : undefined;
  });
  /** That nobody is signed in is told as the account's state. A call of the chat in view may learn of it later. */
  const report = (error: unknown) => {
    const found = problemFrom(error);
    if (found.code !== LocalCode.notSignedIn) show(found);
  };
  const outgoing = createOutgoing(engine, report);
  void engine.account().then(takeAccount).catch(report);
  void engine.connection().then(setConnection, () => {});
  void engine.awaitedChats().then(setAwaited, () => {});
  void engine.chats().then((found) => heard.chats || takeChats(found), () => {});
  void lastList.then((last) => {
    if (!last || heard.account || heard.chats) return;
    // The list holds the first chats alone: a page of another one would say that there is none.
    const here = navigation.route();
    if (here.kind === "chat" && !last.chats.some(({ chatId }) => chatId === here.chatId)) return;
    setChats(last.chats);
    setAccount(last.account);
  });
  const wake = () => void engine.wake().catch(() => {});
  addEventListener("online", wake);
  const seen = () => document.visibilityState === "visible";
  document.addEventListener("visibilitychange", () => void (seen() ? wake() : drafts.flush()));
  addEventListener("pagehide", () => void drafts.flush());
  // The browser asks before it throws away what is not stored.
  addEventListener("beforeunload", (event) => {
    if (unsaved.size > 0 || saving.size > 0 || outgoing.busy()) event.preventDefault();
  });

  const sorted = createMemo(() => chats()?.toSorted(byListOrder));
  return {
    engine,
    navigation,
    openings,
    install: createInstall(),
    firstSteps,
    expectsDevice,
    account,
    connection,
    progress,
    chats: sorted,
    chat: (chatId) => chats()?.find((one) => one.chatId === chatId),
    awaited,
    problem,
    dismissProblem: () => setProblem(undefined),
    fatal,
    report,
    listenTimeline: timelines.listen,
    listenReread: rereads.listen,
    listenErased: erasures.listen,
    listenTyping: typings.listen,
    listenMarks: markings.listen,
    drafts,
    outgoing,
    get unsaved() {
      return unsaved;
    },
    saving,
    recoveryCode,
    showRecoveryCode(code) {
      if (code?.occasion === "new-account") firstSteps.begin();
      setRecoveryCode(code);
      leaveCode(code !== undefined);
    },
    recoveryCodeLeft: () => codeLeft() && recoveryCode() === undefined,
    keepRecoveryCode: () => leaveCode(false),
    comparing,
    compare,
    deleted,
    setDeleted,
    openedLink: createOpenedLink(),
    people,
    peopleVersion,
    entering,
    setEntering,
  };
}

/** The engine's methods as data: their names cross a port and a BroadcastChannel. */

import type { EngineApi, EngineEvent } from "../../client/api/engine_api.ts";

export type EngineMethod = keyof EngineApi;

/** An engine, and how it ends in this tab. */
export interface OpenEngine {
  api: EngineApi;
  /** Ends it; what it has to do yet stays on disk for the next one. */
  close(): Promise<void>;
}

export type EmitEvent = (event: EngineEvent) => void;

const methods: Record<EngineMethod, true> = {
  createAccount: true,
  signIn: true,
  signOut: true,
  account: true,
  connection: true,
  chats: true,
  awaitedChats: true,
  findPeople: true,
  startChat: true,
  addPeople: true,
  removePerson: true,
  renameChat: true,
  setTimer: true,
  describeChat: true,
  setRole: true,
  typing: true,
  leaveChat: true,
  acceptInvitation: true,
  send: true,
  sendFiles: true,
  pauseTransfer: true,
  resumeTransfer: true,
  cancelTransfer: true,
  transfers: true,
  attachmentPiece: true,
  chatFiles: true,
  react: true,
  takeBackReaction: true,
  editMessage: true,
  deleteForEveryone: true,
  deleteForMe: true,
  forward: true,
  sendPoll: true,
  vote: true,
  endPoll: true,
  keepDraft: true,
  timeline: true,
  timelineAround: true,
  timelineAfter: true,
  search: true,
  markRead: true,
  changeChat: true,
  movePinned: true,
  deleteChat: true,
  devices: true,
  revokeDevice: true,
  changePassword: true,
  deleteAccount: true,
  exportPart: true,
  judgePassword: true,
  suggestPassphrase: true,
  newRecoveryCode: true,
  recover: true,
  safetyNumber: true,
  setVerified: true,
  acceptChangedKey: true,
  receiptMarks: true,
  messageInfo: true,
  privacy: true,
  changePrivacy: true,
  makeLink: true,
  links: true,
  revokeLink: true,
  readLink: true,
  useLink: true,
  joinRequests: true,
  answerJoinRequest: true,
  peopleSettings: true,
  setContactPolicy: true,
  block: true,
  unblock: true,
  report: true,
  recentPeople: true,
  noteToSelf: true,
  profile: true,
  setProfile: true,
  picture: true,
  setGroupPicture: true,
  wake: true,
  useHere: true,
};

/** A repeated call would make a second chat or account, or fail because the first one has voided a secret. */
const notRepeatable: ReadonlySet<EngineMethod> = new Set([
  "createAccount",
  "signIn",
  "recover",
  "changePassword",
  "newRecoveryCode",
  "deleteAccount",
  "startChat",
  "makeLink",
  "report",
]);

/** @returns whether a call may be repeated when it is unknown whether it was done */
export function isRepeatable(method: EngineMethod): boolean {
  return !notRepeatable.has(method);
}

/** @returns whether a name from another tab is one of the engine's methods */
export function isEngineMethod(name: unknown): name is EngineMethod {
  return typeof name === "string" && Object.hasOwn(methods, name);
}

/** Calls a method of an engine by its name. */
export function callEngine(api: EngineApi, method: EngineMethod, args: unknown[]): Promise<unknown> {
  return (api[method] as (...args: unknown[]) => Promise<unknown>).apply(api, args);
}

/** @returns an EngineApi that passes all of its methods to `call` */
export function engineThrough(call: (method: EngineMethod, args: unknown[]) => Promise<unknown>): EngineApi {
  const entries = Object.keys(methods).map((
    method,
  ) => [method, (...args: unknown[]) => call(method as EngineMethod, args)]);
  return Object.fromEntries(entries) as EngineApi;
}

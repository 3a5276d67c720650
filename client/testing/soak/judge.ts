/** What must be true when a soak has come to rest. */

import { toHex } from "../../../schema/bytes.ts";
import type { MessageItem } from "../../api/engine_api.ts";
import type { TestCore } from "../core.ts";
import { missing } from "./completeness.ts";
import type { Walker } from "./walker.ts";
import { desyncOf, isIn } from "../../sync/conversation/standing.ts";

export interface Verdict {
  epoch: number;
  members: number;
  /** Messages that the core has accepted. */
  accepted: number;
  /** Messages of others that clients show. */
  deliveries: number;
  /** Clients without which the group has gone on, and that were told so. */
  leftBehind: number;
  /** Clients that have the group in another conversation than at the start. */
  elsewhere: number;
  wrong: string[];
}

/** More than these can not be the work of crossing replacements alone. */
const mostLeftBehind = 3;

/** Lines of a conversation that no run without faults may bring about. */
const faultNotice =
  /^(unreadable|rejected|gap|healed|rolled-back|server-behind|server-differs|successor|(un|re)opened|(not-)?resent)/;

/**
 * @param options.faults what members must have is another then (completeness.ts)
 * @param options.settled whether all came to rest: else what members agree on is not compared
 */
export async function judge(
  core: TestCore,
  walkers: Walker[],
  chatId: string,
  { faults, settled }: { faults: boolean; settled: boolean },
): Promise<Verdict> {
  const wrong = walkers.flatMap(({ surprises }) => surprises);
  const log = core.log.channel(chatId);
  const byKey = new Map(walkers.map((walker) => [walker.recipientKey, walker]));
  const all = core.log.channels().flatMap(([, { messages }]) => messages);
  const times = new Map<string, number>();
  for (const { messageId } of all) times.set(messageId, (times.get(messageId) ?? 0) + 1);
  const said = new Map(
    walkers.flatMap((walker) =>
      [...walker.said].map(([messageId, { place, text }]) => [messageId, { walker, place, text }] as const)
    ),
  );
  // The anchors stay: where they are is where the group is.
  const members = new Set((await walkers[0].person.chat(chatId))?.members.map(({ username }) => username));
  const channel = toHex((await walkers[0].record(chatId))!.channelId);
  let [deliveries, leftBehind, elsewhere] = [0, 0, 0];
  const pictures = new Map<string, string[]>();
  for (const walker of walkers) {
    const items = await walker.person.items(chatId);
    const isLeftBehind = faults && !members.has(walker.name) && await walker.isLeftBehind(core, chatId, channel);
    if (isLeftBehind) leftBehind++;
    const id = faults ? await walker.chatIn(chatId, channel) : chatId;
    if (id !== chatId) elsewhere++;
    const notices = items.flatMap((item) =>
      item.kind === "notice" ? [[item.notice, ...Object.values(item.values)].join(" ")] : []
    );
    const faulty = notices.filter((notice) => faultNotice.test(notice));
    const complain = (what: string) => wrong.push(`${walker.name} ${what}`);
    if (!faults && faulty.length > 0) complain(`shows: ${faulty.slice(0, 3).join("; ")}`);
    // A storage that dies says so.
    for (const problem of walker.person.problems as { code: string; detail: string }[]) {
      if (problem.code !== "L005" && (!faults || problem.code === "L050")) {
        complain(`had a problem: ${problem.code} ${problem.detail}`);
      }
    }
    const messages = items.filter((item): item is MessageItem => item.kind === "message");
    deliveries += messages.filter(({ own }) => !own).length;
    checkShown(
      messages,
      said,
      (messageId) => (times.get(messageId) ?? 0) > 1 || core.log.given.has(messageId),
      complain,
    );
    if (settled && !faults) checkComplete(walker, messages, log, byKey, complain);
    for (const { own, messageId, state, text } of messages) {
      if (settled && state === "waiting" && !isLeftBehind && id === chatId) complain(`still waits with: ${text}`);
      if (own && state === "sent" && !times.has(messageId)) complain(`shows as sent what the core never had: ${text}`);
    }
    const record = await walker.record(id);
    // A member that is out of step has not come to rest. Another one may never hear that it was removed.
    if (settled && record && isIn(record) && !desyncOf(record) && !isLeftBehind) {
      const picture = await walker.picture(id);
      pictures.set(picture, [...pictures.get(picture) ?? [], walker.name]);
    }
  }
  if (leftBehind > mostLeftBehind) wrong.push(`${leftBehind} clients were left behind`);
  if (settled && faults) wrong.push(...await missing(core.log, walkers, chatId));
  if (pictures.size > 1) {
    wrong.push(
      `members do not agree: ${[...pictures].map(([picture, names]) => `${names.join(", ")}: ${picture}`).join(" / ")}`,
    );
  }
  const record = await walkers[0].record(chatId);
  const chat = await walkers[0].person.chat(chatId);
  return {
    epoch: record?.epoch ?? 0,
    members: chat?.members.length ?? 0,
    accepted: log.messages.length,
    deliveries,
    leftBehind,
    elsewhere,
    wrong,
  };
}

/**
 * Nothing twice, nothing that was not said, in each sender's order. @param again whether it was sent more
 * than once, to those who were elsewhere: they read it when it comes
 */
function checkShown(
  messages: MessageItem[],
  said: Map<string, { walker: Walker; place: number; text: string }>,
  again: (messageId: string) => boolean,
  complain: (what: string) => void,
): void {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  for (const { messageId, sender, text } of messages) {
    const origin = said.get(messageId);
    if (seen.has(messageId)) complain(`shows twice: ${text}`);
    seen.add(messageId);
    if (!origin || origin.text !== text || origin.walker.name !== sender) {
      complain(`shows what was not said: ${sender}: ${text}`);
      continue;
    }
    if (again(messageId)) continue;
    if (origin.place < (last.get(sender) ?? -1)) complain(`shows out of order: ${text}`);
    last.set(sender, origin.place);
  }
}

/** Exactly the messages of the epochs that the device was in; of its own, that it says "sent" of what the core has. */
function checkComplete(
  walker: Walker,
  messages: MessageItem[],
  log: { members: ReadonlySet<string>[]; messages: { sender: string; messageId: string; epoch: number }[] },
  byKey: Map<string, Walker>,
  complain: (what: string) => void,
): void {
  const shown = new Map(messages.map((message) => [message.messageId, message]));
  const wanted = new Set<string>();
  for (const { sender, messageId, epoch } of log.messages) {
    const text = byKey.get(sender)?.said.get(messageId)?.text;
    // A request to leave is accepted as a message is, and never shown.
    if (text === undefined) continue;
    if (sender === walker.recipientKey) {
      const own = shown.get(messageId);
      // An answer can be lost for good when its sender was removed meanwhile.
      if (own?.state !== "sent" && !(own?.state === "failed" && ["E016", "L010"].includes(own.errorCode!))) {
        complain(`shows as ${own?.state ?? "nothing"} what the core has: ${text}`);
      }
      wanted.add(messageId);
    } else if (log.members[epoch]?.has(walker.recipientKey)) {
      if (!shown.has(messageId)) complain(`lacks, of epoch ${epoch}: ${text}`);
      wanted.add(messageId);
    } else if (shown.has(messageId)) {
      complain(`shows what was said when it was no member, in epoch ${epoch}: ${text}`);
    }
  }
  for (const { messageId, own, state, text } of messages) {
    if (own && state === "sent" && !wanted.has(messageId)) {
      complain(`shows as sent what the core does not have: ${text}`);
    }
  }
}

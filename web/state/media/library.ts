/** What the views of one chat need of its attachments. */

import { createSignal, onCleanup } from "solid-js";
import type { ChatSummary, EngineApi } from "../../../client/api/engine_api.ts";
import { codeText } from "../../i18n/language.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { problemFrom } from "../task.ts";
import { MediaLoader, type MediaPlace } from "./loader.ts";
import {
  LostStreamError,
  NeedsWorkerError,
  saveAttachment,
  type StreamAddress,
  streamAddress,
  UnshownError,
} from "./page_streams.ts";
import { createPlayer, type Player } from "./player.ts";

/** Larger pictures are loaded when somebody asks for them, bytes. */
export const byItselfBytes = 5 * 1000 * 1000;
/** Larger pictures are not shown, larger sounds come from the stream, bytes. */
export const maxShownBytes = 20 * 1000 * 1000;

/** Whether a sender's attachments load by themselves, when they are asked for, or not at all. */
export type LoadRule = "auto" | "asked" | "never";

/** A failure in words: what happened, what to do, and its code where it has one. */
export interface MediaProblem {
  what: string;
  todo?: string;
  code?: string;
}

export interface MediaLibrary {
  readonly chatId: string;
  readonly loader: MediaLoader;
  readonly player: Player;
  rule(senderKey: string): LoadRule;
  /** Whether the engine has the message. An own one is shown before its files are encrypted. */
  hasMessage(messageId: string): boolean;
  /** @throws as streamAddress */
  stream(place: MediaPlace): Promise<StreamAddress>;
  /** @throws as saveAttachment */
  save(place: MediaPlace, progress: (done: number) => void): Promise<void>;
}

/**
 * @param hasMessage see {@link MediaLibrary.hasMessage}
 * @returns the library of a chat; it ends with the component that makes it
 */
export function createMediaLibrary(
  engine: Pick<EngineApi, "attachmentPiece">,
  chat: () => Pick<ChatSummary, "chatId" | "members" | "invitation">,
  hasMessage: (messageId: string) => boolean = () => true,
): MediaLibrary {
  const { chatId } = chat();
  const loader = new MediaLoader(engine, chatId);
  let player: Player | undefined;
  onCleanup(() => {
    loader.close();
    player?.close();
  });
  return {
    chatId,
    loader,
    get player() {
      return player ??= createPlayer();
    },
    hasMessage,
    rule(senderKey) {
      const { members, invitation } = chat();
      if (members.some(({ accountKey, blocked }) => accountKey === senderKey && blocked)) return "never";
      return invitation ? "asked" : "auto";
    },
    stream: (place) => streamAddress(engine, chatId, place),
    save: (place, progress) => saveAttachment(engine, chatId, place, progress),
  };
}

/** @returns the words of what was thrown */
export function mediaProblem(error: unknown): MediaProblem {
  if (error instanceof UnshownError) return { what: mediaWord("unshown") };
  if (error instanceof LostStreamError) return { what: mediaWord("failed") };
  if (error instanceof NeedsWorkerError) return { what: mediaWord("tooLarge"), todo: mediaWord("tooLargeTodo") };
  return codeProblem(problemFrom(error).code);
}

/** @returns the words of a code */
export function codeProblem(code: string): MediaProblem {
  return { ...codeText(code), code };
}

/** An attachment that is being saved. */
export interface Saving {
  /** Bytes so far; undefined while nothing is saved. */
  done(): number | undefined;
  problem(): MediaProblem | undefined;
  start(): void;
}

/** The bar moves as seldom as this, in ms. For each piece of a file it would be drawn 20 times a second. */
const sayMs = 200;

/** @returns what saves an attachment, once at a time */
export function createSaving(library: MediaLibrary, place: () => MediaPlace): Saving {
  const [done, setDone] = createSignal<number>();
  const [problem, setProblem] = createSignal<MediaProblem>();
  return {
    done,
    problem,
    start() {
      if (done() !== undefined) return;
      let saidMs = performance.now();
      setDone(0);
      setProblem(undefined);
      const say = (count: number) => {
        if (performance.now() - saidMs < sayMs) return;
        saidMs = performance.now();
        setDone(count);
      };
      void library.save(place(), say)
        .catch((error) => setProblem(mediaProblem(error)))
        .finally(() => setDone(undefined));
    },
  };
}

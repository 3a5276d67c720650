/** The engine's calls that send and change messages: {@link MessageApi} over a profile. */

import type {
  ChatFileKind,
  ChatFilePage,
  MessageApi,
  MessageRef,
  NewPoll,
  OutgoingFile,
  SendOptions,
  Transfer,
} from "../api/engine_api.ts";
import { chatFiles } from "../sync/conversation/chat_files.ts";
import { PeopleCalls } from "./people_calls.ts";
import type { Profile } from "./profile.ts";

/** A part of the engine. What is sent needs no connection: it waits for one. */
export class MessageCalls extends PeopleCalls implements MessageApi {
  readonly #profile: Profile;

  constructor(profile: Profile) {
    super(profile);
    this.#profile = profile;
  }

  send(chatId: string, messageId: string, text: string, options?: SendOptions): Promise<void> {
    return this.#profile.guarded(async () => {
      const { messages, files } = this.#profile.requireSignedIn().writing;
      // "Send again" of a message whose files are not on the server yet.
      if (files.uploads.has(chatId, messageId)) return await files.resume(chatId, messageId);
      await messages.send(chatId, messageId, text, options);
    });
  }

  sendFiles(
    chatId: string,
    messageId: string,
    files: OutgoingFile[],
    text: string,
    options: SendOptions = {},
  ): Promise<void> {
    return this.#profile.guarded(() =>
      this.#profile.requireSignedIn().writing.files.send(chatId, messageId, files, text, options)
    );
  }

  pauseTransfer(chatId: string, messageId: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.files.pause(chatId, messageId));
  }

  resumeTransfer(chatId: string, messageId: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.files.resume(chatId, messageId));
  }

  cancelTransfer(chatId: string, messageId: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.files.cancel(chatId, messageId));
  }

  transfers(): Promise<Transfer[]> {
    return Promise.resolve(this.#profile.signedIn?.writing.files.transfers() ?? []);
  }

  attachmentPiece(
    chatId: string,
    message: MessageRef,
    index: number,
    piece: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#profile.guarded(() =>
      this.#profile.requireSignedIn().writing.files.piece(chatId, message, index, piece)
    );
  }

  chatFiles(chatId: string, kind: ChatFileKind, before?: string): Promise<ChatFilePage> {
    return this.#profile.guarded(() => chatFiles(this.#profile.requireSignedIn().history, chatId, kind, before));
  }

  react(chatId: string, message: MessageRef, sign: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.changes.react(chatId, message, sign));
  }

  takeBackReaction(chatId: string, message: MessageRef, sign: string): Promise<void> {
    return this.#profile.guarded(() =>
      this.#profile.requireSignedIn().writing.changes.takeBackReaction(chatId, message, sign)
    );
  }

  editMessage(chatId: string, message: MessageRef, text: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.changes.edit(chatId, message, text));
  }

  deleteForEveryone(chatId: string, message: MessageRef): Promise<void> {
    return this.#profile.guarded(() =>
      this.#profile.requireSignedIn().writing.files.delete(chatId, message, "ForEveryone")
    );
  }

  deleteForMe(chatId: string, message: MessageRef): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.files.delete(chatId, message, "ForMe"));
  }

  forward(chatId: string, message: MessageRef, to: { chatId: string; messageId: string }[]): Promise<void> {
    return this.#profile.guarded(async () => {
      const { messages, files } = this.#profile.requireSignedIn().writing;
      if (!await files.forward(chatId, message, to)) await messages.forward(chatId, message, to);
    });
  }

  sendPoll(chatId: string, messageId: string, poll: NewPoll): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.polls.send(chatId, messageId, poll));
  }

  vote(chatId: string, message: MessageRef, choices: number[]): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.polls.vote(chatId, message, choices));
  }

  endPoll(chatId: string, message: MessageRef): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.polls.end(chatId, message));
  }
}

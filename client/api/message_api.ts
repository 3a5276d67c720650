/** The engine's calls that send and change messages: a part of EngineApi. */

import type { OutgoingFile, Transfer } from "./attachments.ts";
import type { ChatFileKind, ChatFilePage } from "./chat_files.ts";
import type { MessageRef, NewPoll } from "./timeline.ts";

/** What a message has beside its text. */
export interface SendOptions {
  replyTo?: MessageRef;
}

/** Messages, files and polls, and what changes them. All methods reject with EngineError. */
export interface MessageApi {
  /**
   * Seals the text and puts it into the outbox. Resolves when the message is on disk; the item's state says when the
   * server has it.
   *
   * @param messageId 16 random bytes as hex, chosen by the view, so that a repeated call sends once
   * @param options.replyTo the message of this chat that it answers; one that is no longer here is left out
   */
  send(chatId: string, messageId: string, text: string, options?: SendOptions): Promise<void>;
  /**
   * Gives a message a sign, once for each account. A chat takes it when its `features` name "changes" (L044), as for
   * the other changes. Nothing happens where the message is gone or the sign is given.
   *
   * @param sign an emoji of at most 64 bytes of UTF-8 (L011, L032)
   */
  react(chatId: string, message: MessageRef, sign: string): Promise<void>;
  /** Takes an own sign back, with all that came with it in one message. */
  takeBackReaction(chatId: string, message: MessageRef, sign: string): Promise<void>;
  /** Gives an own message another text (L011, L032); L019 for a message of somebody else, or one without a text. */
  editMessage(chatId: string, message: MessageRef, text: string): Promise<void>;
  /**
   * Deletes an own message for everyone: its line stays, and says so. L019 for a message of somebody else. A message
   * that was not sent yet may have left this device: its deletion follows it.
   */
  deleteForEveryone(chatId: string, message: MessageRef): Promise<void>;
  /** Deletes a message on this device alone, with its line. One that waits to be sent is given up. */
  deleteForMe(chatId: string, message: MessageRef): Promise<void>;
  /**
   * Sends the text of a message to other chats, each as a message of its own.
   *
   * @param to a `messageId` for each chat, as for {@link send}
   */
  forward(chatId: string, message: MessageRef, to: { chatId: string; messageId: string }[]): Promise<void>;
  /**
   * Encrypts files into the device's own storage (events "transfer" say how far that is), then puts the message behind
   * all others, as "waiting", and sends the files and then the message. Resolves when the message is on disk: from then
   * on it goes on after a reload.
   *
   * @param messageId as that of `send`
   * @param files 1 to 30 (L011), each of at most 500 MiB (L011). L039: one has changed while it was read
   * @param text beside them; may be empty. A chat takes files when its `features` name "attachments" (L044)
   */
  sendFiles(
    chatId: string,
    messageId: string,
    files: OutgoingFile[],
    text: string,
    options?: SendOptions,
  ): Promise<void>;
  /** Stops sending a message's files, until `resumeTransfer`. */
  pauseTransfer(chatId: string, messageId: string): Promise<void>;
  /** Goes on with files that were stopped or have failed, or sends again what has failed after its files went. */
  resumeTransfer(chatId: string, messageId: string): Promise<void>;
  /** Gives a message up whose files are being encrypted or sent. Does nothing once the message itself goes. */
  cancelTransfer(chatId: string, messageId: string): Promise<void>;
  /** What is being sent, or waits for that. */
  transfers(): Promise<Transfer[]>;
  /**
   * A piece of an attachment, checked: 1 MiB, the last one fewer. client/api/attachment_stream.ts makes a stream.
   *
   * @param index of the attachment
   * @param piece from 0
   * @throws EngineError L039 where it is not what its sender has sealed; E031 where the server has it no longer; L001
   */
  attachmentPiece(chatId: string, message: MessageRef, index: number, piece: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The attachments of a chat, newest first. A call looks through at most 2,000 lines.
   *
   * @param before of the page before; or the `order` of an item: only what is older
   */
  chatFiles(chatId: string, kind: ChatFileKind, before?: string): Promise<ChatFilePage>;
  /**
   * Asks a question, as {@link send} sends a text. A chat takes polls and votes when its `features` name "polls"
   * (L044). L011 for a poll beyond its limits.
   */
  sendPoll(chatId: string, messageId: string, poll: NewPoll): Promise<void>;
  /**
   * Votes in a poll, in place of an earlier vote. Nothing happens where it has ended.
   *
   * @param choices indices of options, one at most where several may not be chosen; none takes the vote back
   */
  vote(chatId: string, message: MessageRef, choices: number[]): Promise<void>;
  /** Ends an own poll: nobody can vote any more. L019 for a poll of somebody else. */
  endPoll(chatId: string, message: MessageRef): Promise<void>;
}

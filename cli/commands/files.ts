/** The command save, and the files of send. */

import { attachmentStream } from "../../client/api/attachment_stream.ts";
import type { AttachmentInfo, OutgoingFile } from "../../client/api/engine_api.ts";
import type { CallerFiles, NewFile } from "../caller_files.ts";
import { cleanedSource } from "../cleaned_source.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { messageOf } from "../find_message.ts";
import { printable } from "../output.ts";
import { exitCodes } from "../usage.ts";
import type { Command } from "./command.ts";

/** The types by which others show a file at once; all else is bytes. */
const types: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  mp4: "video/mp4",
  m4v: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  m4a: "audio/mp4",
  wav: "audio/wav",
  flac: "audio/flac",
  pdf: "application/pdf",
  txt: "text/plain",
};

/**
 * @param path of a file
 * @param withMetadata it goes as it is
 * @returns it, to be read piece by piece; a picture or a film without its metadata
 * @throws Failure where it can not be read, or its metadata can not be taken out
 */
export async function fileToSend(files: CallerFiles, path: string, withMetadata: boolean): Promise<OutgoingFile> {
  const source = await files.open(path, { command: "send", option: "file" });
  const name = path.split(/[/\\]/).at(-1)!;
  const type = types[/\.(\w+)$/.exec(name)?.[1].toLowerCase() ?? ""] ?? "application/octet-stream";
  const cleaned = withMetadata ? undefined : await cleanedSource({ path, name, type, source });
  return { name, type, source: cleaned ?? source };
}

/** `save`: writes a file of a message. */
export const save: Command = async ({ session, invocation, output, files, within }) => {
  const [id, path = "."] = invocation.args;
  const [, start, number] = /^([0-9a-f]{4,32})(?:\.(\d{1,2}))?$/.exec(id) ?? [];
  if (start === undefined) throw wrongUsage(`save: ${id} is no id that recv prints`, "save");
  await session.requireSignedIn();
  const offline = await session.synced().then(() => undefined, (error) => error);
  const { chat, item } = await messageOf(
    session,
    start,
    " with a file",
    ({ attachments }) => attachments !== undefined,
    within,
  );
  const index = Number(number ?? 1) - 1;
  const attachment = item.attachments?.[index];
  if (!attachment) throw notFound(`the message ${start} has no file${number ? ` ${number}` : ""}`);
  const target = await targetOf(files, path, attachment);
  const place = { chatId: chat.chatId, message: item, index, size: attachment.size };
  try {
    await write(
      await files.create(target, { command: "save" }),
      attachmentStream(session.engine, place),
      (done) => output.progress(done === undefined ? undefined : `saving ${done} of ${attachment.size}`),
    );
  } catch (error) {
    throw offline ?? error;
  }
  await output.line(`${target} has ${attachment.size} bytes of ${printable(item.sender)}`, {
    type: "saved",
    group: chat.title,
    groupId: chat.chatId,
    messageId: item.messageId,
    file: target,
    name: attachment.name,
    size: attachment.size,
  });
};

const notFound = (message: string) =>
  new Failure(exitCodes.failed, message, "qpq recv prints the id beside each file, and --json the whole one");

/** @param path a folder, or a new file */
async function targetOf(files: CallerFiles, path: string, { name }: AttachmentInfo): Promise<string> {
  return await files.isFolder(path) ? `${path.replace(/[/\\]+$/, "")}/${name}` : path;
}

/** Writes a new file. Nothing stays of what fails. */
async function write(
  file: NewFile,
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
  progress: (done: number | undefined) => void,
): Promise<void> {
  try {
    let done = 0;
    for await (const piece of content) {
      await file.write(piece);
      progress(done += piece.length);
    }
    await file.finish();
  } catch (error) {
    await file.drop();
    throw error;
  } finally {
    progress(undefined);
  }
}

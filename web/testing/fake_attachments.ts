/**
 * Attachments of others in the engine in memory: a chat with every kind, and what hostile senders make. A file called
 * "gone…" is not on the server, one called "changed…" does not open.
 */

import { attachmentPieceBytes } from "../../client/api/attachment_stream.ts";
import { filesOf } from "../../client/api/chat_files.ts";
import type { AttachmentInfo, ChatFileKind, ChatFilePage, TimelineItem } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";
import { fakeVideo } from "./fake_video.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const thumbhash = Uint8Array.from(atob("1QcSHQRnh493V4dIh4eXh1h4kJUI"), (letter) => letter.charCodeAt(0));
/** A picture is as long as its message says: a JPEG may have zeros behind its end. */
const pictureBytes = 160_000;
const peaks = Uint8Array.from(
  { length: 64 },
  (_, bar) => 40 + Math.round(200 * Math.abs(Math.sin(bar / 3) * Math.cos(bar / 11))),
);
const soundRate = 8_000;
const soundS = 6;
const wavHeader = 44;

const html = new TextEncoder().encode("<!doctype html><script>parent.document.title = 'run'</script><h1>A page</h1>");
const svg = new TextEncoder().encode(
  `<svg xmlns="http://www.w3.org/2000/svg"><script>parent.document.title = "run"</script></svg>`,
);

function picture(name: string, width: number, height: number, more: Partial<AttachmentInfo> = {}): AttachmentInfo {
  return { name, type: "image/jpeg", kind: "image", size: pictureBytes, width, height, thumbhash, ...more };
}

const voice: AttachmentInfo = {
  name: "voice.wav",
  type: "audio/wav",
  kind: "voice",
  size: wavHeader + soundRate * soundS,
  durationMs: soundS * 1000,
  waveform: peaks,
};

/** What is in the messages of the chat, by a word of theirs. */
export const fakeAttachments = {
  lake: [picture("lake.jpg", 1600, 1000, { description: "The lake before sunrise" })],
  album: ["jetty", "boat", "heron", "fire", "tent"].map((name, at) => picture(`${name}.jpg`, 1200, 800 + 200 * at)),
  tall: [picture("stairs.jpg", 900, 1600)],
  voice: [voice],
  video: [{
    name: "swim.webm",
    type: "video/webm",
    kind: "video",
    size: fakeVideo.length,
    width: 96,
    height: 64,
    durationMs: 1_000,
    thumbhash,
  }],
  files: [
    { name: "Packing list – spring.pdf", type: "application/pdf", kind: "file", size: 240_000 },
    { name: "song.wav", type: "audio/wav", kind: "audio", size: voice.size, durationMs: soundS * 1000 },
  ],
  large: [picture("panorama.jpg", 4000, 1000, { size: 8_000_000 })],
  gone: [picture("gone.jpg", 800, 600)],
  changed: [picture("changed.jpg", 800, 600)],
  plans: [{ name: "plans.bin", type: "application/octet-stream", kind: "file", size: 20_000_001 }],
  hostile: [
    { name: "page.html", type: "text/html", kind: "file", size: html.length },
    { name: "drawing.svg", type: "image/svg+xml", kind: "file", size: svg.length },
    // What calls itself a picture and is a page; a size that lies; a thumbhash whose sides are zero.
    picture("really-a-page.png", 1, 65_535, { type: "image/png", size: html.length, thumbhash: new Uint8Array(100) }),
  ],
} satisfies Record<string, AttachmentInfo[]>;

/** @returns the bytes of a file of {@link fakeAttachments} */
async function contentOf({ name, kind, size, width = 4, height = 3 }: AttachmentInfo): Promise<Bytes> {
  if (name.endsWith(".html") || name.startsWith("really")) return html;
  if (name.endsWith(".svg")) return svg;
  if (kind === "video") return fakeVideo;
  if (kind === "voice" || kind === "audio") return sound();
  if (kind === "image") return await drawn(name, width, height, size);
  return fakeBytes(size);
}

/** @returns bytes that do not repeat from piece to piece */
export function fakeBytes(size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1024) bytes[at] = (at * 2654435761) >>> 24;
  return bytes;
}

async function drawn(name: string, width: number, height: number, size: number): Promise<Bytes> {
  const canvas = new OffscreenCanvas(width / 4, height / 4);
  const pen = canvas.getContext("2d")!;
  const hue = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0) * 7, 0) % 360;
  const sky = pen.createLinearGradient(0, 0, 0, canvas.height);
  sky.addColorStop(0, `hsl(${hue} 45% 72%)`);
  sky.addColorStop(1, `hsl(${hue + 60} 40% 40%)`);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "hsl(45 80% 85%)";
  pen.beginPath();
  pen.arc(canvas.width * 0.7, canvas.height * 0.3, canvas.height / 10, 0, 7);
  pen.fill();
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
  const bytes = new Uint8Array(size);
  bytes.set(new Uint8Array(await blob.arrayBuffer()));
  return bytes;
}

/** A hum, as WAV with 8 bits (RIFF, format 1). */
function sound(): Bytes {
  const bytes = new Uint8Array(wavHeader + soundRate * soundS);
  const view = new DataView(bytes.buffer);
  const write = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  write(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, soundRate, true);
  view.setUint32(28, soundRate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  write(36, "data");
  view.setUint32(40, bytes.length - wavHeader, true);
  for (let at = wavHeader; at < bytes.length; at++) bytes[at] = 128 + Math.round(20 * Math.sin(at / 6));
  return bytes;
}

const contents = new Map<string, Promise<Bytes>>();

/** @returns a piece of an attachment that others have sent */
export async function fakePiece(attachment: AttachmentInfo | undefined, piece: number): Promise<Bytes> {
  const fail = (code: string) => new EngineError({ code, detail: "as the file's name wants it" });
  if (!attachment || attachment.name.startsWith("gone")) throw fail("E031");
  if (attachment.name.startsWith("changed")) throw fail("L039");
  const content = contents.get(attachment.name) ?? contentOf(attachment);
  contents.set(attachment.name, content);
  return (await content).slice(piece * attachmentPieceBytes, (piece + 1) * attachmentPieceBytes);
}

/** As the engine's `chatFiles`, with fewer lines a page. */
export function fakeChatFiles(items: TimelineItem[], kind: ChatFileKind, before?: string): ChatFilePage {
  const lines = 8;
  const older = items.filter(({ order }) => before === undefined || order < before);
  const page = older.slice(-lines);
  return {
    files: page.toReversed().flatMap((item) => filesOf(item, kind)),
    ...(older.length > lines && { before: page[0].order }),
  };
}

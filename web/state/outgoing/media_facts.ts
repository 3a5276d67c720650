/** What a film or a sound is: asked of the browser, which reads no more of the file than it needs. */

import type { AttachmentInfo } from "../../../client/api/attachments.ts";
import { previewOf, shownOf } from "./picture_work.ts";

/** What is not known by then is left out, in ms. */
const patienceMs = 5_000;

export interface MediaFacts {
  shown: Pick<AttachmentInfo, "width" | "height" | "durationMs" | "thumbhash">;
  preview?: Blob;
}

/** @returns what the browser finds out of a film or a sound; nothing of one that it can not play. Never rejects */
export async function mediaFacts(file: File, kind: "video" | "audio"): Promise<MediaFacts> {
  const url = URL.createObjectURL(file);
  const element = document.createElement(kind);
  element.muted = true;
  element.preload = "metadata";
  try {
    element.src = url;
    await happens(element, "loadedmetadata");
    const { duration } = element;
    // The length of what was recorded in a browser is often not written into it.
    const known = Number.isFinite(duration) ? { durationMs: Math.round(duration * 1000) } : {};
    if (!(element instanceof HTMLVideoElement)) return { shown: known };
    return await frameOf(element, known).catch(() => ({ shown: known }));
  } catch {
    return { shown: {} };
  } finally {
    element.removeAttribute("src");
    element.load();
    URL.revokeObjectURL(url);
  }
}

/** The first frame is often black. */
async function frameOf(video: HTMLVideoElement, known: { durationMs?: number }): Promise<MediaFacts> {
  const seeked = happens(video, "seeked");
  video.currentTime = Math.min(1, (known.durationMs ?? 0) / 4000);
  await seeked;
  const frame = await createImageBitmap(video);
  try {
    return { shown: { ...known, ...shownOf(frame) }, preview: await previewOf(frame) };
  } finally {
    frame.close();
  }
}

function happens(element: HTMLMediaElement, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), patienceMs);
    element.addEventListener(event, () => (clearTimeout(timer), resolve()), { once: true });
    element.addEventListener("error", () => (clearTimeout(timer), reject(new Error("not playable"))), { once: true });
  });
}

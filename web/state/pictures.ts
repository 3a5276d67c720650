/** The pictures of people and groups that the page shows, each fetched once. */

import { type Accessor, createSignal, type Setter } from "solid-js";
import type { EngineApi } from "../../client/api/engine_api.ts";

/** Pictures in the page's memory; those shown first go first. What is drawn stays drawn. */
const mostPictures = 300;

export interface Pictures {
  /** @returns an address of the picture; undefined until it is here, and where it is nowhere any more */
  url(pictureId: string): string | undefined;
  /** Tries again what could not be fetched. */
  retry(): void;
  /** Forgets all: another account may come. */
  clear(): void;
}

interface Entry {
  url: Accessor<string | undefined>;
  set: Setter<string | undefined>;
  failed: boolean;
}

/** @returns pictures through the engine */
export function createPictures(engine: Pick<EngineApi, "picture">): Pictures {
  const entries = new Map<string, Entry>();

  function load(pictureId: string, entry: Entry): void {
    entry.failed = false;
    // The engine has looked at the head of it: a JPEG or a WebP. Browsers tell both apart by themselves.
    const show = (bytes: Uint8Array<ArrayBuffer>) => {
      const url = URL.createObjectURL(new Blob([bytes], { type: bytes[0] === 0xff ? "image/jpeg" : "image/webp" }));
      if (entries.get(pictureId) === entry) entry.set(url);
      else URL.revokeObjectURL(url);
    };
    void engine.picture(pictureId).then(show, () => entry.failed = true);
  }

  function forget(pictureId: string, entry: Entry): void {
    entries.delete(pictureId);
    const url = entry.url();
    if (url !== undefined) URL.revokeObjectURL(url);
  }

  return {
    url(pictureId) {
      let entry = entries.get(pictureId);
      if (!entry) {
        const [url, set] = createSignal<string>();
        entry = { url, set, failed: false };
        entries.set(pictureId, entry);
        for (const [oldest, old] of [...entries].slice(0, -mostPictures)) forget(oldest, old);
        load(pictureId, entry);
      }
      return entry.url();
    },
    retry() {
      for (const [pictureId, entry] of entries) if (entry.failed) load(pictureId, entry);
    },
    clear() {
      for (const [pictureId, entry] of entries) forget(pictureId, entry);
    },
  };
}

/** The files that are chosen for the next message of a chat. They stay while other chats are looked at. */

import { createSignal } from "solid-js";
import { maxAttachments, type OutgoingFile } from "../../../client/api/attachments.ts";
import { maxFileBytes } from "../../../client/attachments/pieces.ts";
import { kindOf, mediaType } from "../../../client/content/media_type.ts";
import type { ChosenFile, ChosenFiles } from "./chosen_file.ts";

/** Why something was not taken. */
export type Refusal = { kind: "too-many" } | { kind: "too-large"; name: string } | { kind: "folder" | "feature" };

export interface Tray {
  items(): readonly ChosenFile[];
  original(): boolean;
  setOriginal(original: boolean): void;
  /** Of what was added last. */
  refusal(): Refusal | undefined;
  refuse(refusal: Refusal | undefined): void;
  /** Judged by name and size before anything of it is read. */
  add(files: readonly File[]): void;
  /** A recording that was left: it waits to be sent. */
  addReady(file: OutgoingFile): void;
  remove(id: number): void;
  /** @returns the files, which leave the tray */
  take(): ChosenFiles;
}

/** What looks into a file: web/state/outgoing/prepare.ts. */
type Look = (file: File) => Promise<Partial<ChosenFile>>;

let lastId = 0;

const lookInside: Look = async (file) => await (await import("./prepare.ts")).lookAt(file);

/** @param look may take its time; what it finds comes later */
export function createTray(look = lookInside): Tray {
  const [items, setItems] = createSignal<readonly ChosenFile[]>([]);
  const [original, setOriginal] = createSignal(false);
  const [refusal, refuse] = createSignal<Refusal>();

  function forget({ preview }: Partial<ChosenFile>): void {
    if (preview !== undefined) URL.revokeObjectURL(preview);
  }

  async function inspect(file: File, id: number): Promise<void> {
    const found = await look(file).catch(() => ({}));
    if (!items().some((item) => item.id === id)) return forget(found);
    setItems(items().map((item) => item.id === id ? { ...item, ...found } : item));
  }

  return {
    items,
    original,
    setOriginal,
    refusal,
    refuse,
    add(files) {
      const tooLarge = files.find(({ size }) => size > maxFileBytes);
      const fitting = files.filter(({ size }) => size <= maxFileBytes);
      const room = maxAttachments - items().length;
      refuse(
        fitting.length > room ? { kind: "too-many" } : tooLarge && { kind: "too-large", name: tooLarge.name },
      );
      const taken = fitting.slice(0, room).map((file): ChosenFile => {
        const kind = kindOf(mediaType(file.type), false);
        return { id: ++lastId, name: file.name, type: file.type, size: file.size, kind, file };
      });
      setItems([...items(), ...taken]);
      for (const { file, id } of taken) void inspect(file!, id);
    },
    addReady(file) {
      if (items().length >= maxAttachments) return void refuse({ kind: "too-many" });
      setItems([...items(), readyFile(file)]);
    },
    remove(id) {
      refuse(undefined);
      for (const item of items()) if (item.id === id) forget(item);
      setItems(items().filter((item) => item.id !== id));
    },
    take() {
      const taken = { files: items(), original: original() };
      taken.files.forEach(forget);
      setItems([]);
      setOriginal(false);
      refuse(undefined);
      return taken;
    },
  };
}

/** @returns what was made here, as a chosen file */
export function readyFile(ready: OutgoingFile): ChosenFile {
  const { source, voice, name, type, ...shown } = ready;
  const kind = kindOf(mediaType(type), voice === true);
  return { id: ++lastId, name, type, kind, size: source.size, file: undefined, ready, shown };
}

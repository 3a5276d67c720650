import type { JSX } from "solid-js";
import { text } from "../../../i18n/language.ts";

/** What the page can ask the system for. */
export type Chooser = "photo" | "file" | "camera";

/** @returns whether the browser opens a camera for a field that asks for one */
export function hasCamera(): boolean {
  return "capture" in document.createElement("input");
}

/**
 * The fields behind the menu: each opens the system's own dialog.
 *
 * @param props.ref gets what opens them
 */
export function FileInputs(
  props: { ref: (open: (chooser: Chooser) => void) => void; onFiles: (files: File[]) => void },
): JSX.Element {
  const fields: Partial<Record<Chooser, HTMLInputElement>> = {};
  props.ref((chooser) => fields[chooser]?.click());

  function chosen(field: HTMLInputElement): void {
    const files = Array.from(field.files ?? []);
    // The same file can be chosen again.
    field.value = "";
    if (files.length > 0) props.onFiles(files);
  }

  return (
    <>
      <input
        ref={(field) => (fields.photo = field)}
        type="file"
        hidden
        multiple
        accept="image/*,video/*"
        aria-label={text("outgoing.photo")}
        onChange={(event) => chosen(event.currentTarget)}
      />
      <input
        ref={(field) => (fields.file = field)}
        type="file"
        hidden
        multiple
        aria-label={text("outgoing.file")}
        onChange={(event) => chosen(event.currentTarget)}
      />
      <input
        ref={(field) => (fields.camera = field)}
        type="file"
        hidden
        accept="image/*"
        capture="environment"
        aria-label={text("outgoing.camera")}
        onChange={(event) => chosen(event.currentTarget)}
      />
    </>
  );
}

import type { JSX } from "solid-js";

/** A button that has the browser ask for a picture. */
export function PictureButton(
  props: { name: string; disabled?: boolean; onPick: (file: File) => void },
): JSX.Element {
  let field!: HTMLInputElement;
  return (
    <>
      <input
        ref={field}
        type="file"
        accept="image/*"
        hidden
        onChange={() => {
          const [file] = field.files ?? [];
          // The same file can be chosen again.
          field.value = "";
          if (file) props.onPick(file);
        }}
      />
      <button type="button" class="button button-small" disabled={props.disabled} onClick={() => field.click()}>
        {props.name}
      </button>
    </>
  );
}

import { type JSX, onCleanup, onMount } from "solid-js";

/** A modal dialog: the browser keeps the focus inside and gives it back afterwards. */
export function Dialog(props: { title: string; children: JSX.Element; onCancel?: () => void }): JSX.Element {
  let element!: HTMLDialogElement;
  const before = document.activeElement;
  onMount(() => {
    element.showModal();
    element.querySelector<HTMLElement>("[data-first]")?.focus();
  });
  // Removing a dialog does not close it, so the browser does not give the focus back. This code does.
  onCleanup(() =>
    queueMicrotask(() => document.activeElement === document.body && before instanceof HTMLElement && before.focus())
  );
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault();
        props.onCancel?.();
      }}
      onKeyDown={(event) => {
        // The browser would close the dialog at a second Escape in a row.
        if (event.key === "Escape" && !props.onCancel) event.preventDefault();
        event.stopPropagation();
      }}
      onClose={() => before instanceof HTMLElement && before.focus()}
    >
      <h2 class="dialog-title">{props.title}</h2>
      {props.children}
    </dialog>
  );
}

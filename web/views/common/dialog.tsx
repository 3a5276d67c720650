import { type JSX, onCleanup, onMount, Show } from "solid-js";

/**
 * A modal dialog: the browser keeps the focus inside and gives it back afterwards.
 *
 * @param props.bare its class, where it shows its title by itself
 */
export function Dialog(
  props: { title: string; bare?: string; children: JSX.Element; onCancel?: () => void },
): JSX.Element {
  let element!: HTMLDialogElement;
  const before = document.activeElement;
  onMount(() => {
    element.showModal();
    const first = element.querySelector<HTMLElement>("[data-first]");
    first?.focus();
    // A long dialog begins with its title, also where the focus is on the button at its end.
    if (first instanceof HTMLButtonElement) element.scrollTop = 0;
  });
  // Removing a dialog does not close it, so the browser does not give the focus back. This code does.
  onCleanup(() =>
    queueMicrotask(() => document.activeElement === document.body && before instanceof HTMLElement && before.focus())
  );
  return (
    <dialog
      ref={element}
      class={props.bare ?? "dialog"}
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
      <Show when={props.bare === undefined}>
        <h2 class="dialog-title">{props.title}</h2>
      </Show>
      {props.children}
    </dialog>
  );
}

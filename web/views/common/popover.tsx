import { type JSX, onCleanup, onMount } from "solid-js";
import { placeElement } from "../../dom/placed.ts";
import type { Box } from "../../state/placement.ts";

/**
 * Something that lies on the page until the user is done with it: Escape and a press outside close it, and the focus
 * goes back to where it was. On a narrow screen it is a sheet at the bottom. The browser's own closing ("auto") would
 * take the end of a long press, and of a press with the right button, for a press outside.
 *
 * @param props.anchor what opened it, in CSS pixels of the view
 * @param props.onClose take it out of the page
 */
export function Popover(
  props: {
    class: string;
    anchor: Box;
    label?: string;
    role?: "dialog";
    children: JSX.Element;
    onClose: () => void;
    ref?: (element: HTMLElement) => void;
  },
): JSX.Element {
  let element!: HTMLDivElement;
  const before = document.activeElement;
  const place = () => placeElement(element, props.anchor);
  const pressed = (event: Event) => event.target instanceof Node && !element.contains(event.target) && props.onClose();
  onMount(() => {
    element.showPopover();
    place();
    const resized = new ResizeObserver(place);
    resized.observe(element);
    addEventListener("pointerdown", pressed, { capture: true });
    addEventListener("resize", props.onClose);
    onCleanup(() => {
      resized.disconnect();
      removeEventListener("pointerdown", pressed, { capture: true });
      removeEventListener("resize", props.onClose);
      // Taken out of the page, it leaves the focus nowhere, unless something else has taken it.
      queueMicrotask(() => document.activeElement === document.body && before instanceof HTMLElement && before.focus());
    });
  });
  return (
    <div
      ref={(made) => {
        element = made;
        props.ref?.(made);
      }}
      class={`popover placed ${props.class}`}
      popover="manual"
      role={props.role}
      aria-label={props.label}
      tabindex="-1"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Escape") return;
        event.preventDefault();
        props.onClose();
      }}
    >
      {props.children}
    </div>
  );
}

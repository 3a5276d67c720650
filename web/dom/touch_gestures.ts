/** Long presses and swipes of a finger on an element. The browser scrolls by itself; it gets what is no gesture. */

import { swipeOf } from "../state/swipe.ts";

const longPressMs = 450;
/** A finger is never quite still, in CSS pixels. */
const stillPx = 10;

export interface Gestures {
  /** The finger stayed where it was. */
  onLongPress?: () => void;
  /** The finger went along the line far enough, and was lifted. */
  onSwipe?: () => void;
}

/**
 * @param element what is pressed; it moves with a swipe
 * @returns ends the listening
 */
export function listenTouch(element: HTMLElement, { onLongPress, onSwipe }: Gestures): () => void {
  let start: { id: number; x: number; y: number } | undefined;
  let timer = 0;
  let swiping = false;
  let replies = false;

  function end(): void {
    if (!start) return;
    clearTimeout(timer);
    start = undefined;
    swiping = replies = false;
    element.classList.remove("swiping", "swiping-far");
    element.removeAttribute("style");
  }

  function down(event: PointerEvent): void {
    end();
    // A menu that lies on the page is in the element all the same.
    const isInPopover = event.target instanceof Element && event.target.closest("[popover]");
    if (event.pointerType !== "touch" || !event.isPrimary || isInPopover) return;
    start = { id: event.pointerId, x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      end();
      onLongPress?.();
    }, longPressMs);
  }

  function move(event: PointerEvent): void {
    if (start?.id !== event.pointerId) return;
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
    if (Math.hypot(dx, dy) > stillPx) clearTimeout(timer);
    const swipe = swipeOf(dx, dy, swiping, getComputedStyle(element).direction === "rtl");
    if (!swipe || !onSwipe) return end();
    if (swipe.offsetPx === 0 && !swiping) return;
    swiping = true;
    replies = swipe.replies;
    element.classList.add("swiping");
    element.classList.toggle("swiping-far", replies);
    element.style.setProperty("--swipe", `${swipe.offsetPx}px`);
  }

  function up(event: PointerEvent): void {
    const isReply = start?.id === event.pointerId && replies;
    end();
    if (isReply) onSwipe?.();
  }

  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", end);
  return () => {
    end();
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", end);
  };
}

import { createEffect, createSignal, For, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import type { Conversation } from "../../state/conversation.ts";
import { Icon } from "../common/icons.tsx";
import { TimelineRow } from "./timeline_row.tsx";

/** A reader within this distance of an end counts as being there, in CSS pixels. */
const nearEndPx = 60;
const nearEdgePx = 500;
const firstWordsPx = 24;
/**
 * How many lines in view are remembered. The first of them may be rebuilt when a line above it changes its
 * look.
 */
const anchorLines = 4;

/**
 * The conversation's lines, which keep the reader's place: at the newest line while the reader is there, else
 * at the line in view.
 */
export function TimelineView(
  props: {
    conversation: Conversation;
    title: string;
    group: boolean;
    unread: number;
    /** The place of the first unread message. */
    unreadFrom: string | undefined;
    waits: string;
  },
): JSX.Element {
  const { conversation } = props;
  const app = useApp();
  const account = app.account();
  const own = account?.kind === "signed-in" ? account.username : "";
  const [away, setAway] = createSignal(false);
  let scroller!: HTMLDivElement;
  let lines!: HTMLDivElement;
  let anchors: { element: Element; place: number }[] = [];
  let stuck = true;
  /** Heights at the last look. A scroll event after they changed was not made by the reader. */
  let heights = "";

  const heightsNow = () => `${scroller.scrollHeight}/${scroller.clientHeight}`;
  const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

  /** @returns how far below the first line an element begins, independent of the scroll position */
  const placeOf = (element: Element) =>
    element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;

  /**
   * Remembers the first lines in view, to find the place again after lines were added or removed. At the end
   * no line needs to be measured.
   */
  function remember(): void {
    stuck = conversation.atEnd() && distanceToEnd() < nearEndPx;
    setAway(!stuck);
    heights = heightsNow();
    anchors = [];
    if (stuck) return conversation.rest();
    const first = firstInView();
    for (let index = first; index < Math.min(first + anchorLines, lines.children.length); index++) {
      anchors.push({ element: lines.children[index], place: placeOf(lines.children[index]) });
    }
  }

  /** @param isBefore whether a line lies before the one that is looked for @returns the index of that line */
  function findLine(isBefore: (line: DOMRect) => boolean): number {
    let [low, high] = [0, lines.children.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(lines.children[middle].getBoundingClientRect())) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function firstInView(): number {
    const edge = scroller.getBoundingClientRect().top + 8;
    return findLine(({ bottom }) => bottom <= edge);
  }

  /** A line counts as seen when its first words are in view. */
  function lastInView(): number {
    if (stuck) return lines.children.length - 1;
    const edge = scroller.getBoundingClientRect().bottom - firstWordsPx;
    return findLine(({ top }) => top <= edge) - 1;
  }

  function restore(): void {
    if (stuck) scroller.scrollTop = scroller.scrollHeight;
    else {
      const anchor = anchors.find(({ element }) => element.isConnected);
      if (anchor) scroller.scrollTop += placeOf(anchor.element) - anchor.place;
    }
  }

  const isLooking = () => document.visibilityState === "visible" && document.hasFocus();

  function seen(): void {
    if (conversation.loaded() && props.unread > 0 && isLooking()) conversation.saw(firstInView(), lastInView());
  }

  /** The mark "new" stays where the reader found it, until messages come that the reader does not see at once. */
  function moveMark(from: string | undefined, before: string | undefined): void {
    if (!isLooking() || (from !== undefined && before === undefined && !stuck)) conversation.mark(from);
  }

  function onScroll(): void {
    if (heightsNow() !== heights) restore();
    remember();
    if (scroller.scrollTop < nearEdgePx && !conversation.atStart()) void conversation.showOlder();
    if (distanceToEnd() < nearEdgePx && !conversation.atEnd()) conversation.showNewer();
    seen();
  }

  /** What opens where the reader is grows downwards: its beginning stays in view, also at the newest line. */
  function onClick(event: MouseEvent): void {
    if (event.target instanceof Element && event.target.closest("[aria-expanded='true']")) stuck = false;
  }

  function jumpToNewest(): void {
    conversation.showNewest();
    stuck = true;
    scroller.scrollTo({
      top: scroller.scrollHeight,
      behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth",
    });
  }

  createEffect(on(conversation.written, () => void (stuck = true), { defer: true }));
  // At the end, new lines change the height of `lines`. The observer below sees that in the same frame, after
  // the layout and before the paint, so there is no second layout. Elsewhere the height may stay the same: a
  // page that is loaded above can be as high as the page that is removed below.
  createEffect(on(conversation.rows, () => {
    if (stuck || !conversation.loaded()) return;
    restore();
    remember();
  }, { defer: true }));
  createEffect(on(conversation.loaded, (loaded) => {
    if (!loaded) return;
    const mark = lines.querySelector(".line-new");
    if (mark && lines.getBoundingClientRect().bottom - mark.getBoundingClientRect().top > scroller.clientHeight) {
      stuck = false;
      scroller.scrollTop += mark.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 16;
    } else scroller.scrollTop = scroller.scrollHeight;
    onScroll();
  }));
  createEffect(on(() => props.unreadFrom, moveMark, { defer: true }));
  createEffect(on(() => props.unread, seen, { defer: true }));
  onMount(() => {
    const resized = new ResizeObserver(() => {
      restore();
      remember();
      seen();
    });
    resized.observe(scroller);
    resized.observe(lines);
    const wake = () => seen();
    addEventListener("focus", wake);
    document.addEventListener("visibilitychange", wake);
    onCleanup(() => {
      resized.disconnect();
      removeEventListener("focus", wake);
      document.removeEventListener("visibilitychange", wake);
    });
  });

  return (
    <div class="timeline">
      <div
        ref={scroller}
        class="timeline-scroll"
        onScroll={onScroll}
        onClick={onClick}
        tabindex="0"
        role="log"
        aria-label={props.title}
        aria-live="polite"
        aria-busy={!conversation.loaded()}
      >
        <div class="timeline-top">
          <Show when={conversation.loadingOlder()}>
            <span role="progressbar" aria-label={text("chat.older")} class="spinner" />
          </Show>
          <Show when={conversation.atStart()}>{text("chat.start")}</Show>
        </div>
        <div ref={lines} class="lines">
          <For each={conversation.rows()}>
            {(row) => (
              <TimelineRow row={row} group={props.group} own={own} waits={props.waits} onRetry={conversation.retry} />
            )}
          </For>
        </div>
      </div>
      <Show when={away()}>
        <button type="button" class="jump" onClick={jumpToNewest}>
          <Icon name="down" />
          {props.unread > 0 ? plural("chat.jump-unread", props.unread) : text("chat.jump")}
        </button>
      </Show>
    </div>
  );
}

import { createEffect, createSignal, For, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { plural, text } from "../i18n/language.ts";
import type { Conversation } from "../state/conversation.ts";
import { Icon } from "./icons.tsx";
import { TimelineRow } from "./timeline_row.tsx";

/** How near to an end counts as being there, in CSS pixels. */
const nearEndPx = 60;
const nearEdgePx = 500;

/** The conversation's lines, kept where the reader is: at the newest while they are there, else fixed to the line that they look at. */
export function TimelineView(props: { conversation: Conversation; title: string; group: boolean; unread: number }): JSX.Element {
  const { conversation } = props;
  const [away, setAway] = createSignal(false);
  let scroller!: HTMLDivElement;
  let lines!: HTMLDivElement;
  let anchor: { element: Element; top: number } | undefined;
  let stuck = true;
  /** Heights at the last look: a scroll event after they changed is no wish of the reader to be elsewhere. */
  let heights = "";

  const heightsNow = () => `${scroller.scrollHeight}/${scroller.clientHeight}`;
  const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

  /** Remembers the first line in view, to find the place again after lines came or went. At the end the end is the place, and no line needs to be measured. */
  function remember(): void {
    stuck = conversation.atEnd() && distanceToEnd() < nearEndPx;
    setAway(!stuck);
    heights = heightsNow();
    const element = stuck ? undefined : firstInView();
    anchor = element && { element, top: element.getBoundingClientRect().top };
  }

  /** Lines stand one below the other: halving finds it. */
  function firstInView(): Element | undefined {
    const edge = scroller.getBoundingClientRect().top + 8;
    let [low, high] = [0, lines.children.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines.children[middle].getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    return lines.children[low];
  }

  function restore(): void {
    if (stuck) scroller.scrollTop = scroller.scrollHeight;
    else if (anchor?.element.isConnected) scroller.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
  }

  function seen(): void {
    if (conversation.loaded() && stuck && props.unread > 0 && document.visibilityState === "visible" && document.hasFocus()) conversation.markRead();
  }

  function onScroll(): void {
    if (heightsNow() !== heights) restore();
    remember();
    if (scroller.scrollTop < nearEdgePx && !conversation.atStart()) void conversation.showOlder();
    if (distanceToEnd() < nearEdgePx && !conversation.atEnd()) conversation.showNewer();
    seen();
  }

  function jumpToNewest(): void {
    conversation.showNewest();
    stuck = true;
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth" });
  }

  createEffect(on(conversation.written, () => void (stuck = true), { defer: true }));
  // New lines change the height of `lines`: the observer below sees that in the same frame, after the layout and before the paint, so nothing has to be laid out twice.
  createEffect(on(conversation.loaded, (loaded) => {
    if (!loaded) return;
    const mark = lines.querySelector(".line-new");
    if (mark && lines.getBoundingClientRect().bottom - mark.getBoundingClientRect().top > scroller.clientHeight) {
      stuck = false;
      scroller.scrollTop += mark.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 16;
    } else scroller.scrollTop = scroller.scrollHeight;
    onScroll();
  }));
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
      <div ref={scroller} class="timeline-scroll" onScroll={onScroll} tabindex="0" role="log" aria-label={props.title} aria-live="polite" aria-busy={!conversation.loaded()}>
        <div class="timeline-top">
          <Show when={conversation.loadingOlder()}><span role="progressbar" aria-label={text("chat.older")} class="spinner" /></Show>
          <Show when={conversation.atStart()}>{text("chat.start")}</Show>
        </div>
        <div ref={lines} class="lines">
          <For each={conversation.rows()}>{(row) => <TimelineRow row={row} group={props.group} onRetry={conversation.retry} />}</For>
        </div>
      </div>
      <Show when={away()}>
        <button type="button" class="jump" onClick={jumpToNewest}>
          <Icon name="down" />{props.unread > 0 ? plural("chat.jump-unread", props.unread) : text("chat.jump")}
        </button>
      </Show>
    </div>
  );
}

import { createEffect, createMemo, createSignal, type JSX, on, onCleanup, onMount, Show, untrack } from "solid-js";
import { Virtualizer, type VirtualizerHandle } from "virtua/solid";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import type { Conversation } from "../../state/conversation.ts";
import { endsOf, type Row } from "../../state/timeline_rows.ts";
import { Icon } from "../common/icons.tsx";
import type { KeyOf } from "./message_view.ts";
import { SteadyRows } from "./steady_rows.tsx";
import { createPlace } from "./timeline_place.ts";
import { TimelineRow } from "./timeline_row.tsx";

/** A reader within this distance of an end counts as being there, in CSS pixels. */
const nearEndPx = 60;
const nearEdgePx = 600;
/** A scroll so soon after a wheel, touch or key is the reader's, in milliseconds. */
const moveMs = 200;
/** Rows are drawn so far beyond what is in view, in CSS pixels. */
const bufferPx = 600;
const firstWordsPx = 24;
/** How long the row that the reader was led to is marked. */
const foundMs = 3_000;

/**
 * The conversation's lines, of which those near the view are in the document. They keep the reader's place: at the
 * newest line while the reader is there, else at the line in view.
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
    keyOf: KeyOf;
  },
): JSX.Element {
  const { conversation } = props;
  const app = useApp();
  const account = app.account();
  const own = account?.kind === "signed-in" ? account.username : "";
  const [away, setAway] = createSignal(false);
  /** The place of the first message in view; what came late stands before it. */
  const [topOrder, setTopOrder] = createSignal<string>();
  const [found, setFound] = createSignal<string>();
  const [focused, setFocused] = createSignal<string>();
  const [topPx, setTopPx] = createSignal(0);
  let scroller!: HTMLDivElement;
  let top!: HTMLDivElement;
  let lines!: HTMLDivElement;
  let list: VirtualizerHandle | undefined;
  let stuck = true;
  /** Heights at the last look. A scroll after they changed was not made by the reader, unless it moved just now. */
  let heights = "";
  let movedMs = -Infinity;
  /** What is in view is going to be told. */
  let looking = false;
  let foundTimer: ReturnType<typeof setTimeout> | undefined;
  /** The row that the list is led to, until the rows around it are measured or the reader moves. */
  let aim: { key: string; align: "start" | "center" } | undefined;

  const place = createPlace(conversation.rows, () => list, bufferPx, () => stuck && !untrack(away));
  const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const indexAt = (offset: number) => list?.findItemIndex(offset) ?? 0;
  const firstInView = () => indexAt(scroller.scrollTop + 8);
  /** A line counts as seen when its first words are in view. */
  const lastInView = () => {
    if (stuck) return conversation.rows().length - 1;
    return indexAt(scroller.scrollTop + scroller.clientHeight - firstWordsPx);
  };

  const ends = createMemo(() => props.group ? endsOf(conversation.rows()) : new Set<string>());

  /**
   * Rows that stay in the document, by index: the one with the focus, however far the reader scrolls, and at the newest
   * line those that are there. The list would drop what is above the view as it follows, and make it anew at rest.
   */
  const kept = createMemo(() => {
    const rows = place.rows();
    const focusedAt = focused() === undefined ? -1 : rows.findIndex(({ key }) => key === focused());
    const indexes = away() ? [] : place.following();
    return focusedAt >= 0 && !indexes.includes(focusedAt) ? [...indexes, focusedAt] : indexes;
  });

  const heightsNow = () => `${scroller.scrollHeight}/${scroller.clientHeight}`;

  function stick(): void {
    aim = undefined;
    scroller.scrollTop = scroller.scrollHeight;
    // The next scroll may be the reader's.
    heights = heightsNow();
  }

  function look(): void {
    heights = heightsNow();
    stuck = conversation.atEnd() && distanceToEnd() < nearEndPx;
    setAway(!stuck);
    const first = conversation.rows().slice(firstInView()).find(({ kind }) => kind === "message");
    setTopOrder(first?.kind === "message" ? first.item.order : undefined);
  }

  const isLooking = () => document.visibilityState === "visible" && document.hasFocus();

  /** Behind the next frame: what is in view is known then, and asking for it lays nothing out anew. */
  function seen(): void {
    if (looking || !isLooking()) return;
    looking = true;
    requestAnimationFrame(() =>
      setTimeout(() => {
        looking = false;
        if (!scroller.isConnected) return;
        if (conversation.loaded() && props.unread > 0 && isLooking()) conversation.saw(firstInView(), lastInView());
      })
    );
  }

  /** The mark "new" stays where the reader found it, until messages come that the reader does not see at once. */
  function moveMark(from: string | undefined, before: string | undefined): void {
    if (!isLooking() || (from !== undefined && before === undefined && !stuck)) conversation.mark(from);
  }

  function onScroll(): void {
    if (!conversation.loaded()) return;
    if (stuck && heightsNow() !== heights && performance.now() - movedMs > moveMs) stick();
    look();
    if (scroller.scrollTop < nearEdgePx && !conversation.atStart()) void conversation.showOlder();
    if (distanceToEnd() < nearEdgePx && !conversation.atEnd()) void conversation.showNewer();
    if (stuck) conversation.rest();
    seen();
  }

  /** What opens where the reader is grows downwards: its beginning stays in view, also at the newest line. */
  function onClick(event: MouseEvent): void {
    if (event.target instanceof Element && event.target.closest("[aria-expanded='true']:not([aria-haspopup])")) {
      stuck = false;
    }
  }

  function onFocusIn(event: FocusEvent): void {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-row]") : null;
    setFocused(row?.dataset.row);
  }

  /** Not by the list's own `scrollToIndex`: that goes on for a while, and takes a scroll of the reader back. */
  function lead(): void {
    const index = aim ? conversation.rows().findIndex(({ key }) => key === aim?.key) : -1;
    if (!aim || !list || index < 0) return;
    const before = scroller.scrollTop;
    const room = aim.align === "center" ? (scroller.clientHeight - list.getItemSize(index)) / 2 : 0;
    scroller.scrollTop = topPx() + list.getItemOffset(index) - room;
    if (scroller.scrollTop === before) aim = undefined;
    // The rows that come into view are drawn and measured within the next frame.
    else requestAnimationFrame(() => requestAnimationFrame(lead));
  }

  function readerMoves(): void {
    aim = undefined;
    movedMs = performance.now();
  }

  function leadTo(key: string, align: "start" | "center"): void {
    aim = { key, align };
    lead();
  }

  async function jumpToNewest(): Promise<void> {
    await conversation.showNewest();
    stuck = true;
    stick();
  }

  function showGoal(key: string): void {
    if (!conversation.rows().some((row) => row.key === key)) return;
    stuck = false;
    leadTo(key, "center");
    setFound(key);
    clearTimeout(foundTimer);
    foundTimer = setTimeout(() => setFound(undefined), foundMs);
  }

  /** Opens at the mark "new", when what is behind it does not fit; else at the newest line. */
  function openAtMark(): void {
    const mark = conversation.rows().find(({ kind }) => kind === "new");
    stuck = mark === undefined;
    // Rows are measured when they come into view; until then, each measure leads to the end again.
    if (mark) leadTo(mark.key, "start");
    else stick();
  }

  createEffect(on(conversation.written, () => void (stuck = true), { defer: true }));
  createEffect(on(place.rows, () => {
    if (!conversation.loaded()) return;
    // At the newest line, what follows is the list's new height.
    if (!stuck || !conversation.atEnd()) place.restore();
  }, { defer: true }));
  createEffect(on(conversation.loaded, (loaded) => loaded && openAtMark()));
  createEffect(on(conversation.goal, (goal) => goal && showGoal(goal.key), { defer: true }));
  createEffect(on(() => props.unreadFrom, (from, before) => {
    moveMark(from, before);
    seen();
  }, { defer: true }));
  onMount(() => {
    const measure = () => setTopPx(top.offsetHeight);
    // It tells of all at first, too. What a picture or the field below changes happens between layout and paint: the
    // place is kept in the same frame.
    const resized = new ResizeObserver(() => {
      measure();
      if (stuck) stick();
    });
    resized.observe(scroller);
    resized.observe(top);
    resized.observe(lines);
    const wake = () => seen();
    addEventListener("focus", wake);
    document.addEventListener("visibilitychange", wake);
    onCleanup(() => {
      resized.disconnect();
      clearTimeout(foundTimer);
      removeEventListener("focus", wake);
      document.removeEventListener("visibilitychange", wake);
    });
  });

  /** Unread messages came late into places above what is in view. */
  const late = () => {
    const [from, shown] = [props.unreadFrom, topOrder()];
    return from !== undefined && shown !== undefined && from < shown && props.unread > 0 ? from : undefined;
  };

  return (
    <div class="timeline">
      <div
        ref={scroller}
        class="timeline-scroll"
        onScroll={onScroll}
        onWheel={readerMoves}
        onTouchMove={readerMoves}
        onKeyDown={readerMoves}
        onPointerDown={readerMoves}
        onClick={onClick}
        onFocusIn={onFocusIn}
        tabindex="0"
        role="log"
        aria-label={props.title}
        // Rows come into the document while the reader scrolls; these are no news.
        aria-live={away() ? "off" : "polite"}
        aria-busy={!conversation.loaded()}
      >
        <div ref={top} class="timeline-top">
          <Show when={conversation.loadingOlder()}>
            <span role="progressbar" aria-label={text("chat.older")} class="spinner" />
          </Show>
          <Show when={conversation.atStart()}>{text("chat.start")}</Show>
        </div>
        <div ref={lines} class="lines">
          <Virtualizer
            ref={(handle) => list = handle}
            as={SteadyRows}
            data={place.rows()}
            shift={place.shift()}
            scrollRef={scroller}
            startMargin={topPx()}
            bufferSize={bufferPx}
            keepMounted={kept()}
            onResize={() => {
              if (aim) lead();
              if (stuck) stick();
              else look();
              seen();
            }}
          >
            {(row: Row) => (
              <div class="line-place" classList={{ "line-found": found() === row.key }} data-row={row.key}>
                <TimelineRow
                  row={row}
                  isLast={(key) => ends().has(key)}
                  group={props.group}
                  own={own}
                  waits={props.waits}
                  keyOf={props.keyOf}
                  onRetry={conversation.retry}
                />
              </div>
            )}
          </Virtualizer>
        </div>
      </div>
      <Show when={late()}>
        {(from) => (
          <button type="button" class="jump jump-late" onClick={() => void conversation.goTo(from())}>
            <Icon name="up" />
            {text("chat.late")}
          </button>
        )}
      </Show>
      <Show when={away()}>
        <button type="button" class="jump" onClick={() => void jumpToNewest()}>
          <Icon name="down" />
          {props.unread > 0 ? plural("chat.jump-unread", props.unread) : text("chat.jump")}
        </button>
      </Show>
    </div>
  );
}

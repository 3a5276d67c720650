/**
 * Zooms and moves a picture by wheel, two fingers, double tap and drag, and tells of swipes where it is shown as a
 * whole. The transformation is a property of the element while it is zoomed (the page has no style attributes in its
 * markup).
 */

import { closeScale, panned, wholeZoom, type Zoom, type ZoomBounds, zoomed } from "../state/media/zoom.ts";

/** Where the finger went. */
export type Swipe = "left" | "right" | "down";

export interface ZoomControl {
  /** @param factor times the present scale, around the middle */
  by(factor: number): void;
  reset(): void;
  end(): void;
}

const swipePx = 60;
const stillPx = 12;
const doubleTapMs = 320;
/** Of a wheel's turn, by its pixels. */
const wheelRate = 0.0022;

type Point = { x: number; y: number };

/**
 * @param view what is pressed
 * @param picture gives the element that is moved, while there is one
 * @param changed gets the scale
 */
export function listenZoom(
  view: HTMLElement,
  picture: () => HTMLElement | undefined,
  { changed, swiped }: { changed(scale: number): void; swiped(swipe: Swipe): void },
): ZoomControl {
  const pointers = new Map<number, Point>();
  let zoom: Zoom = wholeZoom;
  let start: Point | undefined;
  let lastTap: (Point & { atMs: number }) | undefined;

  function bounds(): ZoomBounds {
    const { clientWidth: width, clientHeight: height } = view;
    const element = picture();
    return {
      view: { width, height },
      picture: { width: element?.offsetWidth ?? 0, height: element?.offsetHeight ?? 0 },
    };
  }

  function show(next: Zoom): void {
    zoom = next;
    const element = picture();
    if (zoom.scale === 1) element?.removeAttribute("style");
    else element?.style.setProperty("transform", `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})`);
    changed(zoom.scale);
  }

  /** From the centre of the view. */
  function pointOf(event: MouseEvent): Point {
    const { left, top, width, height } = view.getBoundingClientRect();
    return { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
  }

  const isControl = (event: Event) => event.target instanceof Element && event.target.closest("button, video") !== null;

  function down(event: PointerEvent): void {
    if (isControl(event) || (event.pointerType === "mouse" && event.button !== 0)) return;
    view.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, pointOf(event));
    start = pointers.size === 1 ? pointOf(event) : undefined;
  }

  function move(event: PointerEvent): void {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = pointOf(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      const moved = panned(zoom, (now.x - before.x) / 2, (now.y - before.y) / 2, bounds());
      show(zoomed(moved, factor, middle, bounds()));
    } else if (zoom.scale > 1) show(panned(zoom, now.x - before.x, now.y - before.y, bounds()));
  }

  function up(event: PointerEvent): void {
    if (!pointers.delete(event.pointerId) || !start || event.type === "pointercancel") return;
    const now = pointOf(event);
    const [dx, dy] = [now.x - start.x, now.y - start.y];
    start = undefined;
    if (Math.hypot(dx, dy) < stillPx) return tap(event, now);
    if (zoom.scale > 1) return;
    if (Math.abs(dx) > swipePx && Math.abs(dx) > 1.5 * Math.abs(dy)) swiped(dx < 0 ? "left" : "right");
    else if (dy > 1.5 * swipePx && dy > 1.5 * Math.abs(dx)) swiped("down");
  }

  function tap(event: PointerEvent, at: Point): void {
    const isSecond = lastTap && event.timeStamp - lastTap.atMs < doubleTapMs && distance(at, lastTap) < 4 * stillPx;
    lastTap = isSecond ? undefined : { ...at, atMs: event.timeStamp };
    if (isSecond) show(zoom.scale > 1 ? wholeZoom : zoomed(zoom, closeScale, at, bounds()));
  }

  function wheel(event: WheelEvent): void {
    event.preventDefault();
    show(zoomed(zoom, Math.exp(-event.deltaY * wheelRate), pointOf(event), bounds()));
  }

  view.addEventListener("pointerdown", down);
  view.addEventListener("pointermove", move);
  view.addEventListener("pointerup", up);
  view.addEventListener("pointercancel", up);
  view.addEventListener("wheel", wheel, { passive: false });
  return {
    by: (factor) => show(zoomed(zoom, factor, { x: 0, y: 0 }, bounds())),
    reset: () => show(wholeZoom),
    end() {
      view.removeEventListener("pointerdown", down);
      view.removeEventListener("pointermove", move);
      view.removeEventListener("pointerup", up);
      view.removeEventListener("pointercancel", up);
      view.removeEventListener("wheel", wheel);
    },
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** A swipe over a message, which answers it. Pure. */

/** From here on it is a swipe, and no longer a tap or a scroll, in CSS pixels. */
const beginPx = 14;
/** From here on the message will be answered. */
const replyPx = 56;
const farthestPx = 76;

export interface Swipe {
  /** How far the message moves with the finger, towards the end of the line; 0 until it is a swipe. */
  offsetPx: number;
  /** Letting go now answers the message. */
  replies: boolean;
}

/**
 * @param dx how far the finger went to the right, in CSS pixels
 * @param dy how far it went down
 * @param begun it was a swipe at the last look
 * @returns undefined once it is a scroll: then it can not become a swipe
 */
export function swipeOf(dx: number, dy: number, begun: boolean, rightToLeft: boolean): Swipe | undefined {
  const forward = rightToLeft ? -dx : dx;
  if (!begun && Math.abs(dy) > beginPx && Math.abs(dy) > Math.abs(dx)) return undefined;
  if (!begun && forward < -beginPx) return undefined;
  if (!begun && forward < beginPx) return { offsetPx: 0, replies: false };
  return { offsetPx: Math.max(0, Math.min(forward, farthestPx)), replies: forward >= replyPx };
}

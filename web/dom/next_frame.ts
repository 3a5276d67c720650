/** A page that is not in view draws no frames, in ms. */
const longestFrameMs = 100;

/** Runs what is to be part of the next frame. @returns cancels it */
export function beforeNextFrame(run: () => void): () => void {
  const cancel = () => {
    globalThis.cancelAnimationFrame?.(drawing);
    clearTimeout(timer);
  };
  const once = () => {
    cancel();
    run();
  };
  const drawing = globalThis.requestAnimationFrame?.(once);
  const timer = setTimeout(once, longestFrameMs);
  return cancel;
}

/** Runs what is to be a task of its own, once the next frame has been drawn. @returns cancels it */
export function afterNextFrame(run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = beforeNextFrame(() => void (timer = setTimeout(run)));
  return () => {
    cancel();
    clearTimeout(timer);
  };
}

/** Tells when an element comes near to what is in view. */

/** Beyond what is in view, in CSS pixels. */
const marginPx = 400;

let observer: IntersectionObserver | undefined;
const waiting = new WeakMap<Element, () => void>();

/**
 * @param run called once
 * @returns ends the waiting
 */
export function whenNear(element: Element, run: () => void): () => void {
  observer ??= new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      observer!.unobserve(target);
      waiting.get(target)?.();
      waiting.delete(target);
    }
  }, { rootMargin: `${marginPx}px` });
  waiting.set(element, run);
  observer.observe(element);
  return () => {
    waiting.delete(element);
    observer!.unobserve(element);
  };
}

import { For, type JSX } from "solid-js";

/** @returns the text in pieces: what matches, and what stands between */
function piecesOf(text: string, ranges: readonly [number, number][]): { text: string; isHit: boolean }[] {
  let at = 0;
  const pieces: { text: string; isHit: boolean }[] = [];
  for (const [start, end] of ranges) {
    if (start > at) pieces.push({ text: text.slice(at, start), isHit: false });
    pieces.push({ text: text.slice(start, end), isHit: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isHit: false });
  return pieces;
}

/** A text with its matches marked. */
export function MarkedText(props: { text: string; ranges: readonly [number, number][] }): JSX.Element {
  return (
    <For each={piecesOf(props.text, props.ranges)}>
      {({ text, isHit }) => isHit ? <mark class="hit">{text}</mark> : text}
    </For>
  );
}

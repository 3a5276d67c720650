import { children, createRenderEffect, type JSX, splitProps } from "solid-js";

/**
 * The box of a long list. A row that stays is not taken out of the document, whatever comes and goes around it: out of
 * the document it would lose the focus, and what plays in it would stop. Solid's own arrangement takes rows out where
 * more new rows stand before them than rows stay (`reconcileArrays` of dom-expressions).
 */
export function SteadyRows(props: JSX.HTMLAttributes<HTMLDivElement>): JSX.Element {
  const [own, rest] = splitProps(props, ["children"]);
  const rows = children(() => own.children);
  const box = <div {...rest} /> as HTMLDivElement;
  createRenderEffect(() => arrange(box, rows.toArray().filter((row) => row instanceof Element)));
  return box;
}

function arrange(box: Element, rows: Element[]): void {
  const staying = new Set(rows);
  for (const row of [...box.children]) if (!staying.has(row)) row.remove();
  let next = box.firstElementChild;
  for (const row of rows) {
    if (row === next) next = row.nextElementSibling;
    else box.insertBefore(row, next);
  }
}

/** Draws an icon of lucide as one path, so that each icon is one element made from a template. Pure. */

/** An icon as lucide gives it: shapes on a grid of 24, each with its attributes. */
export type IconShapes =
  readonly (readonly [tag: string, attributes: Readonly<Record<string, string | number | undefined>>])[];

type Numbers = (...names: string[]) => number[];

/** The path of a full circle or ellipse: two arcs. */
function round(x: number, y: number, rx: number, ry: number): string {
  return `M${x - rx} ${y}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0`;
}

/** The path of a rectangle, clockwise, with rounded corners. */
function rectangle(x: number, y: number, width: number, height: number, r: number): string {
  const corner = (dx: number, dy: number) => (r === 0 ? "" : `a${r} ${r} 0 0 1 ${dx} ${dy}`);
  const [h, v] = [width - 2 * r, height - 2 * r];
  return `M${x + r} ${y}h${h}${corner(r, r)}v${v}${corner(-r, r)}h${-h}${corner(-r, -r)}v${-v}${corner(r, -r)}z`;
}

/**
 * A path may begin with a relative "m", which counts from 0 0 in a path of its own, and in another from where that one
 * ends; further pairs after it are relative lines.
 */
function fromItsStart(data: string): string {
  return data.replace(
    /^m\s*(-?[\d.]+)[\s,]*(-?[\d.]+)\s*(?=(-?[\d.])?)/,
    (_, x, y, more) => `M${x} ${y}${more === undefined ? "" : "l"}`,
  );
}

/**
 * @returns the data of one path that draws the same lines
 * @throws Error for a shape that lucide does not use today: then a newer lucide needs a newer function
 */
export function iconPath(shapes: IconShapes): string {
  return shapes.map(([tag, attributes]) => {
    const numbers: Numbers = (...names) => names.map((name) => Number(attributes[name] ?? 0));
    switch (tag) {
      case "path":
        return fromItsStart(String(attributes.d));
      case "circle": {
        const [x, y, r] = numbers("cx", "cy", "r");
        return round(x, y, r, r);
      }
      case "ellipse": {
        const [x, y, rx, ry] = numbers("cx", "cy", "rx", "ry");
        return round(x, y, rx, ry);
      }
      case "rect": {
        const [x, y, width, height, rx] = numbers("x", "y", "width", "height", "rx");
        return rectangle(x, y, width, height, rx);
      }
      case "line": {
        const [x1, y1, x2, y2] = numbers("x1", "y1", "x2", "y2");
        return `M${x1} ${y1}L${x2} ${y2}`;
      }
      case "polyline":
        return `M${attributes.points}`;
      case "polygon":
        return `M${attributes.points}z`;
      default:
        throw new Error(`an icon has a shape ${tag}`);
    }
  }).join("");
}

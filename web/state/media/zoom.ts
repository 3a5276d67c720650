/** How a picture is drawn larger than it fits, and moved. Pure: a scale, and how far its centre is off. */

export interface Zoom {
  /** 1: as it fits. */
  scale: number;
  /** CSS pixels from the centre of the view. */
  x: number;
  y: number;
}

/** The view, and the picture in it as it fits. CSS pixels. */
export interface ZoomBounds {
  view: { width: number; height: number };
  picture: { width: number; height: number };
}

export const wholeZoom: Zoom = { scale: 1, x: 0, y: 0 };
const largest = 8;
/** What a double tap leads to, and from. */
export const closeScale = 2.5;
/** A step of the keys and buttons. */
export const zoomStep = 1.5;

/**
 * @param factor times the present scale
 * @param at what stays where it is, CSS pixels from the centre of the view
 */
export function zoomed(zoom: Zoom, factor: number, at: { x: number; y: number }, bounds: ZoomBounds): Zoom {
  const scale = Math.min(largest, Math.max(1, zoom.scale * factor));
  const by = scale / zoom.scale;
  return bounded({ scale, x: at.x - (at.x - zoom.x) * by, y: at.y - (at.y - zoom.y) * by }, bounds);
}

/** Moves by CSS pixels. */
export function panned(zoom: Zoom, dx: number, dy: number, bounds: ZoomBounds): Zoom {
  return bounded({ scale: zoom.scale, x: zoom.x + dx, y: zoom.y + dy }, bounds);
}

/** No side of the picture comes into the view while the other is beyond it. */
function bounded({ scale, x, y }: Zoom, { view, picture }: ZoomBounds): Zoom {
  const within = (value: number, size: number, room: number) => {
    const most = Math.max(0, (size * scale - room) / 2);
    return Math.min(most, Math.max(-most, value)) + 0;
  };
  return { scale, x: within(x, picture.width, view.width), y: within(y, picture.height, view.height) };
}

import type { JSX } from "solid-js";
import {
  ChevronLeft,
  ChevronRight,
  File,
  FileText,
  Headphones,
  Image,
  Maximize2,
  Pause,
  Play,
  Video,
  ZoomIn,
  ZoomOut,
} from "lucide";
import { iconPath } from "../../state/icon_path.ts";

/** Icons that the first screen does not need. */
const shapes = {
  file: File,
  next: ChevronRight,
  previous: ChevronLeft,
  document: FileText,
  audio: Headphones,
  image: Image,
  open: Maximize2,
  pause: Pause,
  play: Play,
  video: Video,
  "zoom-in": ZoomIn,
  "zoom-out": ZoomOut,
} as const;

export type MediaIconName = keyof typeof shapes;

const paths = new Map<MediaIconName, string>();

function pathOf(name: MediaIconName): string {
  let path = paths.get(name);
  if (path === undefined) paths.set(name, path = iconPath(shapes[name]));
  return path;
}

/** A decorative icon: its button has the name. */
export function MediaIcon(props: { name: MediaIconName }): JSX.Element {
  const isDirected = () => props.name === "next" || props.name === "previous";
  return (
    <svg
      class={`icon${props.name === "play" ? " icon-filled" : isDirected() ? " icon-flip" : ""}`}
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={pathOf(props.name)} />
    </svg>
  );
}

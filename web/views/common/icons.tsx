/** The icons of the interface, drawn in the colour of the surrounding text. */

import type { JSX } from "solid-js";
import {
  Archive,
  ArrowDown,
  ArrowLeft,
  ArrowUp,
  Bell,
  BellOff,
  Camera,
  ChartBarBig,
  Check,
  CheckCheck,
  ChevronDown,
  ChevronRight,
  CircleAlert,
  Clock,
  Copy,
  Download,
  Ellipsis,
  Eye,
  EyeOff,
  File as FileShape,
  Forward,
  Image as ImageShape,
  Info,
  Keyboard,
  KeyRound,
  Link,
  Lock,
  LogOut,
  MessageCircle,
  Mic,
  MonitorSmartphone,
  PanelRight,
  Pause,
  Pencil,
  Pin,
  PinOff,
  Plus,
  Reply,
  Search,
  SendHorizontal,
  Server,
  Settings,
  ShieldCheck,
  Smile,
  SmilePlus,
  SquarePen,
  SunMoon,
  Timer,
  Trash2,
  TriangleAlert,
  UserPlus,
  Users,
  X,
} from "lucide";
import { iconPath } from "../../state/icon_path.ts";

const shapes = {
  archive: Archive,
  bell: Bell,
  muted: BellOff,
  pin: Pin,
  unpin: PinOff,
  attach: Plus,
  camera: Camera,
  document: FileShape,
  hold: Pause,
  microphone: Mic,
  photo: ImageShape,
  back: ArrowLeft,
  chats: MessageCircle,
  chevron: ChevronDown,
  close: X,
  copy: Copy,
  delivered: CheckCheck,
  device: MonitorSmartphone,
  down: ArrowDown,
  download: Download,
  edit: Pencil,
  emoji: Smile,
  failed: CircleAlert,
  forward: Forward,
  group: Users,
  hide: EyeOff,
  info: Info,
  key: KeyRound,
  keyboard: Keyboard,
  leave: LogOut,
  link: Link,
  lock: Lock,
  more: Ellipsis,
  "new-chat": SquarePen,
  next: ChevronRight,
  panel: PanelRight,
  plus: UserPlus,
  poll: ChartBarBig,
  react: SmilePlus,
  read: CheckCheck,
  reply: Reply,
  search: Search,
  send: SendHorizontal,
  sent: Check,
  server: Server,
  settings: Settings,
  show: Eye,
  theme: SunMoon,
  timer: Timer,
  trash: Trash2,
  up: ArrowUp,
  verified: ShieldCheck,
  waiting: Clock,
  warning: TriangleAlert,
} as const;

export type IconName = keyof typeof shapes;

/** Those that point where reading goes. */
const directed: ReadonlySet<IconName> = new Set(["back", "forward", "leave", "next", "panel", "reply", "send"]);
const paths = new Map<IconName, string>();

function pathOf(name: IconName): string {
  let path = paths.get(name);
  if (path === undefined) paths.set(name, path = iconPath(shapes[name]));
  return path;
}

/** A decorative icon of lucide: its button has the name. `size`: 16 or 24 px in place of 20. */
export function Icon(props: { name: IconName; size?: "s" | "l" }): JSX.Element {
  return (
    <svg
      class={`icon${props.size ? ` icon-${props.size}` : ""}${directed.has(props.name) ? " icon-flip" : ""}`}
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

/** The logo: a q and the same q turned by 180°, interlocked. `ghost`: large and faint behind the first screen. */
export function Mark(props: { ghost?: boolean }): JSX.Element {
  return (
    <svg
      class={props.ghost ? "mark entry-ghost" : "mark"}
      viewBox="56 56 400 400"
      aria-hidden="true"
      fill="none"
      stroke-width="46"
      stroke-linecap="round"
    >
      <circle class="mark-give" cx="208" cy="208" r="92" />
      <path class="mark-give" d="M300 208v224" />
      <circle class="mark-take" cx="304" cy="304" r="92" />
      <path class="mark-take" d="M212 304V80" />
      <path class="mark-give mark-over" d="M300 362v70" />
    </svg>
  );
}

/** The product's name. */
export function Wordmark(): JSX.Element {
  return (
    <span class="wordmark">
      quic<span class="wordmark-pro">pro</span>quo
    </span>
  );
}

/** The icons of the interface, drawn in the colour of the surrounding text. */

import type { JSX } from "solid-js";

const paths = {
  plus: "M12 5v14M5 12h14",
  back: "M15 5l-7 7 7 7",
  info: "M12 11v6M12 7.2v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  send: "M5 12h13M12.5 5.5L19 12l-6.5 6.5",
  close: "M6 6l12 12M18 6L6 18",
  leave: "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6.5 12H15",
  chevron: "M6 9.5l6 6 6-6",
  down: "M12 5v14M6 13l6 6 6-6",
  waiting: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  sent: "M5 12.5l4.5 4.5L19 7.5",
  failed: "M12 7v6M12 16.8v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  verified: "M12 3l7 2.6v5.2c0 4.4-2.8 7.9-7 9.7-4.2-1.8-7-5.3-7-9.7V5.6zM8.8 11.8l2.3 2.3 4.2-4.4",
  warning: "M12 4L2.8 20h18.4zM12 10v4.5M12 17.3v.1",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 14.5a2.5 2.5 0 1 0 0 5 2.5 " +
    "2.5 0 0 0 0-5z",
  edit: "M4 20l1-4.5L16.2 4.3a1.6 1.6 0 0 1 2.3 0l1.2 1.2a1.6 1.6 0 0 1 0 2.3L8.5 19zM14 6.5l3.5 3.5",
  device: "M4 6a1 1 0 0 1 1-1h14a1 1 0 0 1 1 1v9H4zM2.5 18.5h19",
  key: "M8.5 12.5a4 4 0 1 0 0 .1zM8.4 12.5H21M17.5 12.5V16",
  group: "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.5 19c.4-3.2 2.7-5 5.5-5s5.1 1.8 5.5 5M15.5 5.4a3.1 " +
    "3.1 0 0 1 0 5.9M17 14.3c2 .6 3.2 2.2 3.5 4.7",
} as const;

export type IconName = keyof typeof paths;

/** A decorative icon: its button has the name. */
export function Icon(props: { name: IconName }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={paths[props.name]} />
    </svg>
  );
}

/** The logo: a q and the same q turned by 180°, interlocked. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="56 56 400 400" aria-hidden="true" fill="none" stroke-width="46" stroke-linecap="round">
      <circle class="mark-give" cx="208" cy="208" r="92" />
      <path class="mark-give" d="M300 208v224" />
      <circle class="mark-take" cx="304" cy="304" r="92" />
      <path class="mark-take" d="M212 304V80" />
      <path class="mark-give mark-over" d="M300 362v70" />
    </svg>
  );
}

/** The product's name on the sign-in screen. */
export function Wordmark(): JSX.Element {
  return (
    <span class="wordmark">
      quic<span class="wordmark-pro">pro</span>quo
    </span>
  );
}

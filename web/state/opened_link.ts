/** The invite link with which the app was opened. public/invite.js has taken it out of the address. */

import { createSignal } from "solid-js";

const key = "qpq-invite-link";
const arrived = "qpq-invite-link";

declare global {
  /** Set where the browser has no session storage. */
  var qpqInviteLink: string | undefined;
}

export interface OpenedLink {
  /** The link's code, until it was used or closed. */
  code(): string | undefined;
  /** The link was used: a page that is loaded anew does not ask again. */
  used(): void;
  /** It is shown no more: it was used, or the user does not want it. */
  close(): void;
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? globalThis.qpqInviteLink;
  } catch {
    return globalThis.qpqInviteLink;
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // There was none.
  }
  globalThis.qpqInviteLink = undefined;
}

/** @returns the link that waits, also one that is opened while the app is there */
export function createOpenedLink(): OpenedLink {
  const [code, setCode] = createSignal(stored());
  addEventListener(arrived, () => setCode(stored()));
  return {
    code,
    used: forget,
    close() {
      forget();
      setCode(undefined);
    },
  };
}

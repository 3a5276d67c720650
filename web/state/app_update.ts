/**
 * New versions of the app: the service worker fetches them in the background, and the user decides when they
 * start.
 */

import { createSignal } from "solid-js";

const checkEveryMs = 60 * 60_000;
/** A new version that was told to start has this long to take over, in ms; then the page reloads all the same. */
const takeOverMs = 3_000;

export interface AppUpdate {
  /** A new version is installed and waits. */
  ready(): boolean;
  /** Activates the new version and reloads every open tab. */
  reload(): void;
  later(): void;
}

type Registration = Pick<
  ServiceWorkerRegistration,
  "active" | "waiting" | "installing" | "update" | "addEventListener"
>;

export interface AppUpdateParts {
  /** undefined: the browser has no service workers, or the app is not built for them */
  container: Pick<ServiceWorkerContainer, "controller" | "register" | "addEventListener"> | undefined;
  /** Keeps what a reload would lose, then loads the page anew. */
  reloadPage(): void;
  /** @param run called whenever the page becomes visible */
  onVisible(run: () => void): void;
}

/** @returns whether a newer version of the app waits, and the user's choices */
export function createAppUpdate({ container, reloadPage, onVisible }: AppUpdateParts): AppUpdate {
  const [waiting, setWaiting] = createSignal<ServiceWorker>();
  // A page of the first visit gets its version's worker after it has loaded: that replaces nothing.
  let hasVersion = Boolean(container?.controller);
  let isReloading = false;

  function reloadOnce(): void {
    if (!isReloading) reloadPage();
    isReloading = true;
  }

  function watch(registration: Registration): void {
    // A page that was loaded past the worker (a forced reload) has none, and is replaced as the others are.
    hasVersion ||= registration.active !== null;
    // The first install replaces no version, so there is no question.
    const ask = () => registration.waiting && registration.active && setWaiting(registration.waiting);
    ask();
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", ask);
    });
    const check = () => void registration.update().catch(() => {});
    setInterval(check, checkEveryMs);
    onVisible(check);
  }

  container?.addEventListener("controllerchange", () => {
    if (hasVersion) reloadOnce();
    hasVersion = true;
  });
  void container?.register("/service_worker.js").then(watch, () => {});
  return {
    ready: () => waiting() !== undefined,
    reload() {
      waiting()?.postMessage("take-over");
      setTimeout(reloadOnce, takeOverMs);
    },
    later: () => setWaiting(undefined),
  };
}

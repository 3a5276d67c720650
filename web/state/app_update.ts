/**
 * New versions of the app: the service worker fetches them in the background, and the user decides when they
 * start.
 */

import { createSignal } from "solid-js";

const checkEveryMs = 60 * 60_000;

export interface AppUpdate {
  /** A new version is installed and waits. */
  ready(): boolean;
  /** Activates the new version and reloads every open tab. */
  reload(): void;
  later(): void;
}

/** @returns whether a newer version of the app waits, and the user's choices */
export function createAppUpdate(): AppUpdate {
  const [waiting, setWaiting] = createSignal<ServiceWorker>();
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;

  function watch(registration: ServiceWorkerRegistration): void {
    // The first install replaces no version, so there is no question.
    const ask = () => registration.waiting && container?.controller && setWaiting(registration.waiting);
    ask();
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", ask);
    });
    const check = () => void registration.update().catch(() => {});
    setInterval(check, checkEveryMs);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && check());
  }

  if (container && import.meta.env.PROD) {
    const hadController = container.controller !== null;
    container.addEventListener("controllerchange", () => hadController && location.reload());
    void container.register("/service_worker.js").then(watch, () => {});
  }
  return {
    ready: () => waiting() !== undefined,
    reload: () => waiting()?.postMessage("take-over"),
    later: () => setWaiting(undefined),
  };
}

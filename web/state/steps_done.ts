/** What the engine knows of a new account's first steps. */

import { createResource } from "solid-js";
import type { App } from "./app.ts";

/** The parts of the app that say when a step may have been done. */
type Known = Pick<App, "peopleVersion" | "chats"> & {
  openings: Pick<App["openings"], "dialog">;
  navigation: Pick<App["navigation"], "route">;
  engine: Pick<App["engine"], "links" | "devices">;
};

export interface StepsDone {
  /** The engine has answered, and is not being asked. */
  isKnown(): boolean;
  /** Whether the account has an invite link; undefined until it is known. */
  invited(): boolean | undefined;
  /** Whether the account has a second device; undefined until it is known. */
  secondDevice(): boolean | undefined;
}

/**
 * Asks the engine, which asks the server, when the user has been where a step is done. Not with each message, of which
 * the list of chats is told as well.
 */
export function createStepsDone(app: Known): StepsDone {
  // A text: a list would be another one each time.
  const moment = () =>
    [app.peopleVersion(), app.chats()?.length, app.openings.dialog(), app.navigation.route().kind].join();
  const [invited] = createResource(moment, () => app.engine.links().then((made) => made.length > 0, () => false));
  const [secondDevice] = createResource(moment, () => app.engine.devices().then((all) => all.length > 1, () => false));
  return {
    isKnown: () => !invited.loading && !secondDevice.loading,
    invited: () => invited.latest,
    secondDevice: () => secondDevice.latest,
  };
}

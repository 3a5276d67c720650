/** Gives components the page's state. */

import { createContext, useContext } from "solid-js";
import type { App } from "./app.ts";

export const AppContext = createContext<App>();

/** @returns the app's state, within its provider */
export function useApp(): App {
  return useContext(AppContext)!;
}

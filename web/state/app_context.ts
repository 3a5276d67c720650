/** How components reach the page's state. */

import { createContext, useContext } from "solid-js";
import type { App } from "./app.ts";

export const AppContext = createContext<App>();

export function useApp(): App {
  return useContext(AppContext)!;
}

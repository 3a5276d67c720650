/** The page of the search's probe: starts the Worker, and lets a test call it. */

import "../dom/trusted_types.ts";
import { wrap } from "comlink";
import type { SearchProbe } from "./search_probe.ts";

const worker = new Worker(new URL("./search_probe.ts", import.meta.url), { type: "module" });
const probe = wrap<SearchProbe>(worker);
// Wrapped: a comlink proxy has every property, also "then".
Object.assign(globalThis, { probe: { call: (name: keyof SearchProbe, ...args: unknown[]) => calls(name)(...args) } });

function calls(name: keyof SearchProbe): (...args: unknown[]) => Promise<unknown> {
  return (probe as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
}

/** Where things are. */

import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The native binary: the package's own launcher does not forward signals. */
export const deno = `${root}/node_modules/deno/deno`;

export const webRoot = `${root}/dist/web`;

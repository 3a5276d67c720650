/** Programs of bench/ that run in a page of the app's origin. */

import { build } from "vite";
import { root } from "../scripts/paths.mjs";

/** @returns the code of a program for a page, which sets `program` */
export async function pageProgram(/** @type {string} */ entry) {
  const output = /** @type {any} */ (await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      write: false,
      lib: { entry: `${root}/bench/${entry}`, formats: ["iife"], name: "program", fileName: "program" },
    },
  }));
  return (Array.isArray(output) ? output[0] : output).output[0].code;
}

/**
 * The module that compiled components import in place of "solid-js/web" (vite.config.ts). It registers each
 * template with the Trusted Types policy first.
 */

import { template as solidTemplate } from "solid-js/web";
import { allowTemplate } from "./trusted_types.ts";

export * from "solid-js/web";

/** @param html markup that the compiler took from a component; never a string made at run time */
export function template(html: string, ...kind: [isImportNode?: boolean, isSvg?: boolean]): () => Element {
  allowTemplate(html);
  return solidTemplate(html, ...kind);
}

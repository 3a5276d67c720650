/**
 * What compiled components import in the place of "solid-js/web" (vite.config.ts): the same, but each
 * template is first made known to the Trusted Types policy.
 */

import { template as solidTemplate } from "solid-js/web";
import { allowTemplate } from "./trusted_types.ts";

export * from "solid-js/web";

/** @param html markup that the compiler took from a component; never anything made at run time */
export function template(html: string, ...kind: [isImportNode?: boolean, isSvg?: boolean]): () => Element {
  allowTemplate(html);
  return solidTemplate(html, ...kind);
}

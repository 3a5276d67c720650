/** What this version can not show: a line that says so and names its type, so that nothing is lost unseen. */

import { bodyText } from "../body.ts";
import type { ContentKind } from "../content_kind.ts";

export interface UnsupportedContent {
  /** Types of its parts, as "[image/gif]"; empty where it has no part. */
  text: string;
}

/** The last kind reads all that no other does. Unknown dispositions are texts (draft-ietf-mimi-content-07 §8.1). */
export const unsupportedKind = {
  name: "unsupported",
  countsAsUnread: true,
  read: ({ body }) => ({ text: bodyText(body).text }),
  apply: ({ text }) => ({ kind: "append", content: { text, unsupported: true } }),
  preview: ({ text, unsupported }) => (unsupported ? { text, unsupported } : undefined),
} satisfies ContentKind<UnsupportedContent>;

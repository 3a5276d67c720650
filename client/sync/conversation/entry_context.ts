/** What the handling of one queue entry works with. */

import type { Entry } from "../../../schema/rpc/methods.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** One entry of the queue, and the unit of work that its effects go into. */
export interface EntryContext {
  context: SyncContext;
  unit: UnitOfWork;
  entry: Entry;
}

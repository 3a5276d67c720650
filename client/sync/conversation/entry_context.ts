/** The context in which one queue entry is handled. */

import type { Entry } from "../../../schema/rpc/methods.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** One entry of the queue, and the unit of work that takes its effects. */
export interface EntryContext {
  context: SyncContext;
  unit: UnitOfWork;
  entry: Entry;
}

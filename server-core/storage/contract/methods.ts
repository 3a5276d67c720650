/** Every method of the stores with its possible errors. The contract must have tests for all of them. */

import { ErrorCode } from "../../../schema/rpc/errors.ts";
import type { AccountStore } from "../account_store.ts";
import type { ClockStore } from "../clock_store.ts";
import type { DeliveryStore } from "../delivery_store.ts";
import type { OperatorStore } from "../operator_store.ts";

export interface MethodRules {
  /** Whether the call may change stored data. Then repeats and races must be tested, too. */
  writes: boolean;
  /** All WireErrors that a caller may see. */
  errors: ErrorCode[];
}

const {
  forbidden,
  rateLimited,
  registrationClosed,
  usernameInvalidOrTaken,
  loginFailed,
  unknownRecipient,
  queueFull,
  malformed,
  epochConflict,
  notAMember,
  staleEpoch,
  cursorAhead,
  keyDoesNotMatchDevice,
  noKeyPackageLeft,
  invitedOnly,
  linkOver,
  blobNotFound,
  quotaExceeded,
} = ErrorCode;

const reads = (...errors: ErrorCode[]): MethodRules => ({ writes: false, errors });
const writes = (...errors: ErrorCode[]): MethodRules => ({ writes: true, errors });

/** The type makes a missing method a compile error. */
export const accountMethods: Record<keyof AccountStore, MethodRules> = {
  opaqueServerKeys: reads(),
  ensureOpaqueServerKeys: writes(),
  opaqueRecord: reads(),
  register: writes(registrationClosed, usernameInvalidOrTaken, keyDoesNotMatchDevice),
  openSession: writes(forbidden, loginFailed, keyDoesNotMatchDevice),
  session: reads(),
  isRevoked: reads(),
  touchSession: writes(),
  sessions: reads(),
  endSession: writes(unknownRecipient),
  revision: reads(),
  endedSessions: reads(),
  vault: reads(),
  putVault: writes(malformed, epochConflict),
  changePassword: writes(forbidden, epochConflict),
  recoverable: reads(),
  recover: writes(loginFailed, epochConflict),
  putDeviceList: writes(epochConflict, keyDoesNotMatchDevice),
  deleteAccount: writes(forbidden, epochConflict),
  isOfDeletedAccount: reads(),
  accountByName: reads(),
  accountsByKey: reads(),
  usernamesFrom: reads(),
  addKeyPackages: writes(malformed),
  countKeyPackages: reads(),
  takeKeyPackages: writes(unknownRecipient, noKeyPackageLeft, invitedOnly),
  addInvite: writes(),
  purgeExpired: writes(),
  settings: reads(),
  putSettings: writes(epochConflict),
  putLink: writes(malformed, quotaExceeded),
  removeLink: writes(),
  link: reads(),
  requestJoin: writes(queueFull, linkOver),
  joinRequests: reads(),
  endJoinRequests: writes(),
  addReport: writes(rateLimited, unknownRecipient),
};

/** As {@link accountMethods}, for the delivery service's store. */
export const deliveryMethods: Record<keyof DeliveryStore, MethodRules> = {
  createChannel: writes(forbidden, quotaExceeded),
  channelState: reads(notAMember),
  accountChannels: reads(),
  checkCommit: reads(notAMember, malformed, staleEpoch, epochConflict),
  commit: writes(notAMember, malformed, staleEpoch, epochConflict, unknownRecipient, quotaExceeded),
  publish: writes(notAMember, malformed, staleEpoch, epochConflict),
  // What it refuses of its messages stands in its answers.
  publishInOrder: writes(notAMember),
  ephemeralRecipients: reads(notAMember, staleEpoch, epochConflict),
  enqueue: writes(notAMember, unknownRecipient, malformed, queueFull),
  fetch: writes(forbidden, cursorAhead, rateLimited),
  ack: writes(cursorAhead),
  ackEntries: writes(),
  bodyPiece: reads(unknownRecipient),
  reserveBlob: writes(malformed, quotaExceeded),
  storeBlob: writes(quotaExceeded),
  blobLength: reads(blobNotFound),
  purge: writes(),
  purgeQueues: writes(),
  purgeChannels: writes(),
  queueTotals: reads(),
  lastRestore: reads(),
};

/** As {@link accountMethods}, for the store of the trusted time. */
export const clockMethods: Record<keyof ClockStore, MethodRules> = { read: reads(), keep: writes() };

/** For a call that works on the data alone. Its errors are in errors.ts, and it has no races. */
const alone = reads();

/** As {@link accountMethods}, for the operator's commands. */
export const operatorMethods: Record<keyof OperatorStore, MethodRules> = {
  isServed: reads(),
  clock: reads(),
  acceptClock: writes(),
  facts: reads(),
  accounts: reads(),
  account: reads(),
  changeAccount: writes(),
  devices: reads(),
  endSessions: writes(),
  addInvite: writes(),
  invites: reads(),
  withdrawInvite: writes(),
  reports: reads(),
  removeReport: writes(),
  faults: reads(),
  backUp: reads(),
  backupFaults: alone,
  keyInUse: reads(),
  restore: alone,
  rekey: alone,
};

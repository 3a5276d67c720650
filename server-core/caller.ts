/** The caller of a call, as `authorize` derives it from the call's `Auth` and its connection. */

export interface Caller {
  /**
   * anyone: no token. device: a session, which is bound to a device. operator: the static token of the
   * configuration, which has no account and no device. deleted: a device whose account is deleted; it may ask for that
   * and nothing else.
   */
  kind: "anyone" | "device" | "operator" | "deleted";
  /** 32 bytes; set iff kind is "device". */
  accountKey?: Uint8Array<ArrayBuffer>;
  /** 16 bytes; set iff kind is "device". */
  deviceId?: Uint8Array<ArrayBuffer>;
  /** 32 bytes; set iff kind is "device". */
  recipientKey?: Uint8Array<ArrayBuffer>;
  /** Whether the device is in its account's newest device list; set iff kind is "device". */
  enrolled?: boolean;
  /** 16 bytes; set iff kind is "device". */
  sessionId?: Uint8Array<ArrayBuffer>;
  /** The caller's IP literal (behind a gateway: the browser's), for rate limits. */
  remoteAddress: string;
}

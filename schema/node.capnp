@0xd6a0f8c5b1e34722;

# The wire of quicproquo, version 1. docs/protocol.md has it as tables; docs/specification.md says what each side
# checks.
#
# Units: lengths in bytes, times in milliseconds since the Unix epoch (`…Ms`) or as spans (`timeoutMs`). Sizes that
# recur: accessToken 32, deviceId 16, recipientKey 32, accountKey 32, channelId 32, commitId 16, messageId 16, sha256
# 32, signature 64, nonce 32.
#
# A call is one bidirectional stream. The caller writes one `Call` (for `commit` and `putBlob`: then `Chunk`s) and
# FIN; the callee answers with `Return`s and FIN. Every message is a standard Cap'n Proto stream frame of at most 256
# KiB.
#
# "Who": P = anyone; S = a session or the operator's static token; D = a session whose device is in its account's
# newest device list. Any method may answer E001, E002, E004, E005, E010, E014, E040 and E050, and E003 to a device
# that its account has revoked; other errors are named at the method.

struct Auth {
  version @0 :UInt16;       # 1; anything else is E004
  accessToken @1 :Data;     # 32 bytes, or empty on methods that anyone may call
  deviceId @2 :Data;        # 16 bytes: the device that the token is bound to
}

struct Call {
  interfaceId @0 :UInt64;
  methodId @1 :UInt16;
  auth @2 :Auth;
  version @3 :UInt16;       # 1; anything else is E010
  params @4 :AnyPointer;    # the method's params struct
}

struct Return {
  union {
    results @0 :AnyPointer; # the method's results struct (for streaming methods: one element)
    error @1 :CallError;    # the last message of a failed call
    end @2 :Void;           # the last message of a streaming call that succeeded; FIN alone is never success
  }
}

struct CallError {
  code @0 :UInt16;          # one of the constants below
  message @1 :Text;         # a sentence for logs; never holds secrets
  retryAfterMs @2 :UInt32;  # 0: no advice
}

const unauthenticated :UInt16 = 1;
const sessionExpired :UInt16 = 2;
const forbidden :UInt16 = 3;
const authVersion :UInt16 = 4;
const rateLimited :UInt16 = 5;
const registrationClosed :UInt16 = 6;
const usernameInvalidOrTaken :UInt16 = 7;
const loginFailed :UInt16 = 8;
const wireVersion :UInt16 = 10;
const payloadTooLarge :UInt16 = 11;
const unknownRecipient :UInt16 = 12;
const queueFull :UInt16 = 13;
const malformed :UInt16 = 14;
const epochConflict :UInt16 = 15;
const notAMember :UInt16 = 16;
const staleEpoch :UInt16 = 17;
const malformedKeyPackage :UInt16 = 20;
const ciphersuiteNotAllowed :UInt16 = 21;
const keyPackageLifetime :UInt16 = 22;
const keyDoesNotMatchDevice :UInt16 = 23;
const noKeyPackageLeft :UInt16 = 24;
const hybridKeyInvalid :UInt16 = 25;
const blobTooLarge :UInt16 = 30;
const blobNotFound :UInt16 = 31;
const quotaExceeded :UInt16 = 32;
const draining :UInt16 = 40;
const openElsewhere :UInt16 = 41;
const internal :UInt16 = 50;

struct Chunk {
  bytes @0 :Data;           # 1 to 65,536 bytes of a streamed body
}

struct SignedDeviceList {
  list @0 :Data;            # deterministic CBOR, see schema/device_list.ts
  signature @1 :Data;       # 64 bytes: account root key over "qpq/1 devices" ‖ list
}

struct DeviceProof {
  # Proves possession of the device key for one sensitive call.
  nonce @0 :Data;           # 32 bytes, from challenge(), single use, 60 s
  signature @1 :Data;
    # 64 bytes: device key over "qpq/1 call" ‖ nonce ‖ the parameters' hash, see schema/signed_call.ts
}

struct Vault {
  version @0 :UInt64;       # 1, 2, 3, …; 0 = no vault yet
  sealed @1 :Data;          # ≤ 128 KiB: AEAD under the vaultKey, opaque to the server
  wrappedByPassword @2 :Data; # ≤ 256 bytes: vaultKey ‖ root seed, wrapped under the OPAQUE export key
  wrappedByRecovery @3 :Data; # ≤ 256 bytes: the same, wrapped under the recovery code
  recoveryKey @4 :Data;
    # 32 bytes: the public Ed25519 key that the recovery code gives (schema/recovery.ts), or empty: no recovery by the
    # code
}

struct Account {
  username @0 :Text;
  accountKey @1 :Data;      # 32 bytes
  devices @2 :SignedDeviceList;
}

struct Session {
  sessionId @0 :Data;       # 16 bytes, names the session without giving its token away
  deviceId @1 :Data;
  createdMs @2 :UInt64;
  lastUsedMs @3 :UInt64;
  expiresMs @4 :UInt64;
  current @5 :Bool;
}

struct DeviceKeyPackage {
  deviceId @0 :Data;
  keyPackage @1 :Data;      # an MLSMessage of type mls_key_package (RFC 9420 §6)
  lastResort @2 :Bool;
}

interface AuthenticationService {
  registerStart @0 (suite :Text, username :Text, request :Data) -> (response :Data);
  # Who: P. First half of OPAQUE registration. suite: "qpq-opaque-1" (else E014). username: 3 to 32 of a–z 0–9 . _ -,
  # first a letter (E007). request: OPAQUE RegistrationRequest (33 bytes). response: RegistrationResponse. Errors:
  # E005, E006, E007.

  registerFinish @1 (suite :Text, username :Text, record :Data, inviteCode :Text, devices :SignedDeviceList,
      vault :Vault, recipientKey :Data, deviceSignature :Data) -> (accessToken :Data, expiresMs :UInt64);
  # Who: P. Second half, one transaction: the account with its OPAQUE record, its first device list (version 1,
  # exactly one device = recipientKey), its vault (version 1) and a session bound to that device. deviceSignature: 64
  # bytes, device key over "qpq/1 register" ‖ SHA-256(record and the vault's fields, each as u32 length ‖ bytes) ‖
  # username. Errors: E005, E006, E007 (taken meanwhile), E014, E023 (list or signature does not match).

  loginStart @2 (suite :Text, username :Text, ke1 :Data) -> (loginId :Data, ke2 :Data);
  # Who: P. OPAQUE KE1 → KE2. An unknown username is answered like a known one. loginId: 16 bytes, valid 60 s, single
  # use. Errors: E005.

  loginFinish @3 (loginId :Data, ke3 :Data, recipientKey :Data, deviceSignature :Data)
              -> (accessToken :Data, expiresMs :UInt64, account :Account, enrolled :Bool);
  # Who: P. OPAQUE KE3. deviceSignature: 64 bytes, device key over "qpq/1 login" ‖ SHA-256(OPAQUE session key). A
  # wrong password and an unknown username are both E008. A revoked device is E003. The session is bound to the device
  # SHA-256(recipientKey)[0..16); while that device is not in the account's list (`enrolled` false) the session may
  # only call getVault, challenge, putDeviceList, lookup and logout (else E003). Errors: E003, E005, E008, E023.

  logout @4 () -> ();
  # Who: S. Ends the session of the call.

  challenge @5 () -> (nonce :Data);
  # Who: S. A nonce for one DeviceProof: 32 bytes, single use, bound to the session, 60 s.

  getVault @6 () -> (vault :Vault);
  # Who: S. The account's vault.

  putVault @7 (expectedVersion :UInt64, vault :Vault, proof :DeviceProof) -> ();
  # Who: D. Compare-and-set: stores vault (version = expectedVersion + 1) iff the stored version is expectedVersion,
  # else E015. Both wraps and recoveryKey must be the stored ones (E014), unless the session began with the password
  # within the last 5 minutes. Errors: E011, E014, E015, E023.

  putDeviceList @8 (devices :SignedDeviceList, proof :DeviceProof) -> ();
  # Who: S. The account's next device list (version = stored + 1, prevHash = SHA-256 of the stored list, same
  # accountKey and username, else E015); revoked stays revoked. A device that left the list loses its sessions,
  # KeyPackages and queue. Errors: E014, E015, E023.

  lookup @9 (username :Text) -> (account :Account);
  # Who: S. Directory, by exact name. Errors: E012.

  lookupAccounts @10 (accountKeys :List(Data)) -> (accounts :List(Account));
  # Who: D. Directory, by account key (≤ 100); unknown ones are left out.

  searchUsers @11 (prefix :Text, limit :UInt16) -> (usernames :List(Text));
  # Who: D. Usernames that start with prefix (≥ 1 character), sorted, limit ≤ 20. Only names: keys come from lookup.

  uploadKeyPackages @12 (keyPackages :List(Data), lastResort :Data) -> (available :UInt32);
  # Who: D. Adds to the calling device's stock (≤ 100 a call and in all); lastResort empty = keep the present one. All
  # or nothing. Each is decoded and verified: E020 malformed or bad signature, E021 ciphersuite, E022 lifetime, E023
  # credential of another device, E025 X-Wing key.

  countKeyPackages @13 () -> (available :UInt32, lastResort :Bool);
  # Who: D. The calling device's stock that is still handed out; lastResort: there is one, and nobody has it yet.

  fetchKeyPackage @14 (accountKey :Data, deviceIds :List(Data)) -> (keyPackages :List(DeviceKeyPackage));
  # Who: D. One KeyPackage for each device of the account (deviceIds empty = all in its list), each handed out once
  # and removed in the same transaction; the last-resort one is never removed. Errors: E005 per caller and target, in
  # a minute and (but for own devices) in 24 h, E012, E024 (names the device).

  listSessions @15 () -> (sessions :List(Session));
  # Who: S. All sessions of the account.

  revokeSession @16 (sessionId :Data, proof :DeviceProof) -> ();
  # Who: D. Ends one session of the account. Errors: E012, E023.

  changePassword @17 (suite :Text, record :Data, expectedVaultVersion :UInt64, vault :Vault, proof :DeviceProof) -> ();
  # Who: D. One transaction: the new OPAQUE record (from a registerStart whose username is the session's), the vault
  # with its new wrap (compare-and-set as putVault) and the end of every other session. The session must have begun
  # with the password within the last 5 minutes (E003): a device alone can not lock its owner out. Errors: E003, E011,
  # E015, E023.

  recoverStart @18 (username :Text) -> (nonce :Data);
  # Who: P. For someone who has the recovery code and not the password (docs/decisions/018). nonce: 32 bytes, single
  # use, 60 s. An unknown username is answered like a known one. Errors: E005.

  recoverOpen @19 (suite :Text, username :Text, nonce :Data, request :Data, signature :Data)
    -> (account :Account, vault :Vault, response :Data);
  # Who: P. Proves the recovery code; gives the account, its vault, and the server's half of an OPAQUE registration of
  # the new password. request: RegistrationRequest (33 bytes). signature: recovery key over schema/recovery.ts,
  # recoverOpenBytes. A wrong code, an unknown username and an account without recovery key are all E008. Errors:
  # E005, E008.

  recoverFinish @20 (nonce :Data, record :Data, expectedVaultVersion :UInt64, vault :Vault, signature :Data) -> ();
  # Who: P, after recoverOpen with this nonce, within 60 s, once (E008). One transaction: the new OPAQUE record, the
  # vault with new wraps and a new recoveryKey (compare-and-set as putVault) and the end of every session. signature:
  # the old recovery key over recoverFinishBytes. Errors: E005, E008, E011, E014, E015.
}

struct Entry {
  seq @0 :UInt64;           # strictly rising per device, never reused; 0 = ephemeral, never stored
  kind @1 :EntryKind;
  channelId @2 :Data;
  epoch @3 :UInt64;
    # application: the epoch it was sealed in; commit, ownCommit, welcome: n, the epoch that the commit makes
  id @4 :Data;              # messageId or commitId, 16 bytes
  header @5 :Data;          # commit and welcome: this device's header of the hybrid layer (1,168 bytes)
  body @6 :Data;
    # the envelope, sealed commit, sealed Welcome or device message; empty when it comes by fetchBody (bodyLength)
  bodyLength @7 :UInt32;    # bytes of the whole body; > body's length when body is left out (over 64 KiB)
  receivedMs @8 :UInt64;    # the server's clock
  removed @9 :List(Data);
    # commit: recipientKeys as the committer told them to the server; the receiver compares them with the commit
  added @10 :List(Data);
  membersHash @11 :Data;
    # commit, ownCommit, welcome: SHA-256 of the sorted recipientKeys of the server's members of epoch n; 32 bytes,
    # empty for what an older server queued
  place @12 :UInt64;
    # application, commit, ownCommit, welcome, removed: its place in the channel's order, < 2^53 (specification
    # §4.12); 0 where an older server queued it, for ephemeral ones, and for other kinds
  turn @13 :UInt16;         # devices: how many devices are asked before this one (specification §4.11)
}

enum EntryKind {
  application @0;
  commit @1;
  ownCommit @2;             # to the committer: your commit `id` was accepted as epoch n; no header, no body
  welcome @3;
  direct @4;                # from `enqueue`
  gap @5;                   # `epoch` = how many application entries were dropped because the queue was full
  removed @6;               # this device is no member of the channel from epoch n on; no header, no body
  devices @7;               # ephemeral, by subscribeAs alone: the device list of the account with key `body` changed
}

interface DeliveryService {
  # wire version 1 only: anything else is E010.

  enqueue @0 (recipientKey :Data, channelId :Data, messageId :Data, body :Data) -> (stored :Bool);
  # Who: D. A device message (≤ 64 KiB) to one device that shares the channel (re-add, reseal, removal notices:
  # specification §4.7); ≤ 100 waiting per pair (E013). A repeated messageId is answered as the first was and stored
  # once. Errors: E011, E012, E013, E016.

  fetch @1 (recipientKey :Data, channelId :Data, after :UInt64, limit :UInt16) -> (entries :List(Entry));
  # Who: D, recipientKey = the session's own device (E003). Entries with seq > after, in order, ≤ limit (≤ 200) and ≤
  # 192 KiB. channelId empty = the whole queue; else read-only filtering: acknowledge those with ackEntries.

  fetchWait @2 (recipientKey :Data, channelId :Data, after :UInt64, limit :UInt16, timeoutMs :UInt32)
    -> (entries :List(Entry));
  # As fetch; with nothing there it waits up to timeoutMs (≤ 60,000) for the first entry.

  subscribe @3 (recipientKey :Data, after :UInt64) -> (entries :List(Entry));
  # Who: D, own device. Streaming: the backlog, then live entries (ephemeral ones with seq 0) until the caller resets
  # or the server ends it with E040. An element with no entries marks the end of the backlog, and comes again every 20
  # s as a sign of life.

  ack @4 (recipientKey :Data, upTo :UInt64) -> ();
  # Who: D, own device. Deletes every entry with seq ≤ upTo. Follows an unfiltered fetch. Idempotent.

  ackEntries @5 (recipientKey :Data, seqs :List(UInt64)) -> ();
  # Who: D, own device. Deletes exactly these (≤ 1,000). Idempotent.

  createChannel @6 (channelId :Data) -> ();
  # Who: D. A channel at epoch 0 whose only member is the calling device. Idempotent for its creator; an id of
  # another: E003. ≤ 1,000 channels a device (E032).

  commit @7 (channelId :Data, epoch :UInt64, commitId :Data, sha256 :Data, commitLength :UInt32,
      welcomeLength :UInt32, headersLength :UInt32, removed :List(Data), added :List(Data))
    -> (n :UInt64, place :UInt64);
  # Who: D, member (E016). Takes the channel from `epoch` to n = epoch + 1. After the Call come Chunks that join to
  # commit ‖ welcome ‖ headers (≤ 16 MiB in all, E011) with that sha256. headers = for each member of epoch n (old −
  # removed + added) one record recipientKey (32) ‖ header (1,168), in any order, each exactly once (E014). removed,
  # added: recipientKeys (≤ 2,000 together); added ones are enrolled devices (E012). welcomeLength is 0 iff added is
  # empty. Checked in this order: E016, same commitId (same content: the stored answer; other: E014), E017, E015,
  # E014, E032. Then ONE transaction: epoch, members, commit, Welcome, headers, queue entries. E032: 32 MiB of commits
  # and Welcomes of the caller's account wait for a device that is added; a member for which that much waits is left
  # out instead, and asks to be re-added.

  publish @8 (channelId :Data, epoch :UInt64, messageId :Data, envelope :Data, ephemeral :Bool)
    -> (receivedMs :UInt64, place :UInt64);
  # Who: D, member (E016). To every member device but the sending one. Envelope ≤ 128 KiB (E011). Checked: membership,
  # same (sender device, channelId, messageId) within 30 days (same bytes: the stored answer; other: E014), E017, E015
  # (≠ current). Epoch 0 carries no message (E015). Answered after the message is on disk. ephemeral: only to live
  # subscribers, never stored.

  health @9 () -> (serverTimeMs :UInt64, wireVersion :UInt16, draining :Bool, build :Text, restoredMs :UInt64,
      restoredToMs :UInt64);
  # Who: P. For containers and for correcting the client's clock. restoredMs: the time of the latest restore from a
  # backup, 0 if there was none. restoredToMs: a restored backup has a newest message. This is the oldest time of
  # these messages, over the latest restore and all restores up to 90 days before it; 0 if there was none. Devices
  # resend the messages that they sent since then.

  channelState @10 (channelId :Data) -> (epoch :UInt64, members :List(Data));
  # Who: D, member (E016). Current epoch and member recipientKeys.

  fetchBody @11 (recipientKey :Data, seq :UInt64) -> (bytes :Data);
  # Who: D, own device. Streaming: the body of one waiting entry, in pieces ≤ 64 KiB. Errors: E012 (no such entry).

  putBlob @12 (sha256 :Data, length :UInt64) -> (expiresMs :UInt64);
  # Who: D. After the Call come Chunks: ciphertext only, addressed by its SHA-256. Idempotent. Errors: E014 (hash),
  # E030, E032.

  getBlob @13 (sha256 :Data, offset :UInt64) -> (bytes :Data);
  # Who: D. Streaming, in pieces ≤ 64 KiB from offset. Errors: E031.

  publishInOrder @14 (channelId :Data, messages :List(SealedMessage)) -> (answers :List(PublishAnswer));
  # Who: D, member (E016). 1 to 16 messages (E014), envelopes ≤ 128 KiB (E011). They are stored in this order, in one
  # transaction, each judged as by publish. After a refused one nothing is stored any more: those behind it are
  # answered as long as they are repeats or refused themselves, and the answers end before the first that would have
  # been stored. Each message counts as a call (E005). An older server answers E014: then they go out one by one.

  subscribeAs @15 (recipientKey :Data, after :UInt64, run :Data, mark :Data, before :List(Data), displaced :Bool)
    -> (entries :List(Entry), copied :Bool, held :Bool);
  # Who: D, own device. As subscribe, for a client that tells itself from a copy of its profile (specification §4.15).
  # run: 16 bytes, of the running engine. mark: 16 bytes, fresh and on the client's disk. before: ≤ 16 earlier ones,
  # first the last that was confirmed by an answer. A newer subscription ends this one: with E041, but with E040 if it
  # is of the same run. displaced: nothing is opened, the newer subscription is told copied. An element with copied or
  # held has no entries and marks nothing. copied: another engine has gone on with this device's keys since the mark
  # that the client knows. held: an older subscription of another run was open, and may still be answered by that
  # run's displaced.
}

struct SealedMessage {
  epoch @0 :UInt64;
  messageId @1 :Data;   # 16 bytes
  envelope @2 :Data;    # ≤ 128 KiB; all of a call fit into its 256 KiB
}

struct PublishAnswer {
  receivedMs @0 :UInt64;   # when it is on disk, and code is 0
  code @1 :UInt16;         # 0, or the number of E014, E015 or E017
  place @2 :UInt64;        # in the channel's order, when code is 0; 0 from an older server
}

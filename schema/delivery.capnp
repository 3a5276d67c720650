@0x961c961b708ca6b8;

# Queues, channels, commits, messages, attachments. node.capnp says what units and "Who" mean. The ids in this file
# are those of version 1, when all of the schema was one file: they are on the wire.

struct Entry @0x97bbc662a1c1d9db {
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

enum EntryKind @0xbec776b39071f214 {
  application @0;
  commit @1;
  ownCommit @2;             # to the committer: your commit `id` was accepted as epoch n; no header, no body
  welcome @3;
  direct @4;                # from `enqueue`
  gap @5;                   # `epoch` = how many application entries were dropped because the queue was full
  removed @6;               # this device is no member of the channel from epoch n on; no header, no body
  devices @7;               # ephemeral, by subscribeAs alone: the device list of the account with key `body` changed
}

interface DeliveryService @0xd350f79a52831e4f {
  # wire version 1 only: anything else is E010.

  enqueue @0 (recipientKey :Data, channelId :Data, messageId :Data, body :Data) -> (stored :Bool);
  # Who: D. A device message (≤ 64 KiB) to one device that shares the channel (re-add, reseal, removal notices:
  # specification §4.7); ≤ 100 waiting per pair (E013). A repeated messageId is answered as the first was and stored
  # once. Errors: E011, E012, E013, E016.

  fetch @1 (recipientKey :Data, channelId :Data, after :UInt64, limit :UInt16) -> (entries :List(Entry));
  # Who: D, recipientKey = the session's own device (E003). Entries with seq > after, in order, ≤ limit (≤ 200) and ≤
  # 192 KiB. channelId empty = the whole queue; else read-only filtering: acknowledge those with ackEntries. Errors:
  # E005, E018 (a cursor that the server can not have given: start again from 0).

  fetchWait @2 (recipientKey :Data, channelId :Data, after :UInt64, limit :UInt16, timeoutMs :UInt32)
    -> (entries :List(Entry));
  # As fetch; with nothing there it waits up to timeoutMs (≤ 60,000) for the first entry. A device has one: a newer one
  # ends it with E005. Errors: E001, E005, E018.

  subscribe @3 (recipientKey :Data, after :UInt64) -> (entries :List(Entry));
  # Who: D, own device. Streaming: the backlog, then live entries (ephemeral ones with seq 0) until the caller resets
  # or the server ends it with E040. An element with no entries marks the end of the backlog, and comes again every 20
  # s as a sign of life. Errors: E018.

  ack @4 (recipientKey :Data, upTo :UInt64) -> ();
  # Who: D, own device. Deletes every entry with seq ≤ upTo. Follows an unfiltered fetch. Idempotent.
  # E018 where the queue has not come to upTo: nothing is deleted.

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
  # out instead, and asks to be re-added. E005: 60 commits of an account in a channel, then 6 a minute.

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

  putBlobPart @16 (sha256 :Data, length :UInt64, offset :UInt64, drop :Bool) -> (have :UInt64, expiresMs :UInt64);
  # Who: D. As putBlob, in calls of ≤ 8 MiB (E011), for an upload that may be cut off: length is the whole blob's. The
  # Chunks that follow are its bytes from offset; none only asks. have: the server has the bytes before it. An offset
  # above that stores nothing; bytes that come again are harmless. With the last byte the hash is checked (E014, and
  # have is 0 again) and expiresMs set; before, it is 0. An unfinished upload ends 24 h after its last byte, with drop
  # at once. An account has 8; a ninth ends the one that rested longest. A newer call of one upload ends the older
  # (E005). An older server answers E014. Errors: E011, E014, E030, E032.
}

struct SealedMessage @0xd9570084ce5577d9 {
  epoch @0 :UInt64;
  messageId @1 :Data;   # 16 bytes
  envelope @2 :Data;    # ≤ 128 KiB; all of a call fit into its 256 KiB
}

struct PublishAnswer @0x9cc9243b767fe53f {
  receivedMs @0 :UInt64;   # when it is on disk, and code is 0
  code @1 :UInt16;         # 0, or the number of E014, E015 or E017
  place @2 :UInt64;        # in the channel's order, when code is 0; 0 from an older server
}

@0xd6a0f8c5b1e34722;

# The wire of quicproquo, version 1: what every call and answer is wrapped in, and the errors. The calls are in
# authentication.capnp and delivery.capnp. docs/protocol.md has all of it as tables; docs/specification.md says what
# each side checks.
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
const cursorAhead :UInt16 = 18;
const malformedKeyPackage :UInt16 = 20;
const ciphersuiteNotAllowed :UInt16 = 21;
const keyPackageLifetime :UInt16 = 22;
const keyDoesNotMatchDevice :UInt16 = 23;
const noKeyPackageLeft :UInt16 = 24;
const hybridKeyInvalid :UInt16 = 25;
const invitedOnly :UInt16 = 26;          # the account gives its KeyPackages to invited people only
const linkOver :UInt16 = 27;             # an invite link that is unknown, revoked or over
const blobTooLarge :UInt16 = 30;
const blobNotFound :UInt16 = 31;
const quotaExceeded :UInt16 = 32;
const draining :UInt16 = 40;
const openElsewhere :UInt16 = 41;
const internal :UInt16 = 50;

struct Chunk {
  bytes @0 :Data;           # 1 to 65,536 bytes of a streamed body
}

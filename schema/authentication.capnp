@0x9cd28a7fa0d676c3;

# Accounts, devices, sessions, the vault, KeyPackages, the directory. node.capnp says what units and "Who" mean. The
# ids in this file are those of version 1, when all of the schema was one file: they are on the wire.

struct SignedDeviceList @0xa19182964a90ca16 {
  list @0 :Data;            # deterministic CBOR, see schema/device_list.ts
  signature @1 :Data;       # 64 bytes: account root key over "qpq/1 devices" ‖ list
}

struct DeviceProof @0xac017560f29bf617 {
  # Proves possession of the device key for one sensitive call.
  nonce @0 :Data;           # 32 bytes, from challenge(), single use, 60 s
  signature @1 :Data;
    # 64 bytes: device key over "qpq/1 call" ‖ nonce ‖ the parameters' hash, see schema/signed_call.ts
}

struct Vault @0xe3a6a48f47d0d921 {
  version @0 :UInt64;       # 1, 2, 3, …; 0 = no vault yet
  sealed @1 :Data;          # ≤ 128 KiB: AEAD under the vaultKey, opaque to the server
  wrappedByPassword @2 :Data; # ≤ 256 bytes: vaultKey ‖ root seed, wrapped under the OPAQUE export key
  wrappedByRecovery @3 :Data; # ≤ 256 bytes: the same, wrapped under the recovery code
  recoveryKey @4 :Data;
    # 32 bytes: the public Ed25519 key that the recovery code gives (schema/recovery.ts), or empty: no recovery by the
    # code
}

struct Account @0xa27b00f2098a9f68 {
  username @0 :Text;
  accountKey @1 :Data;      # 32 bytes
  devices @2 :SignedDeviceList;
}

struct Session @0xe54b592f0aca2bc2 {
  sessionId @0 :Data;       # 16 bytes, names the session without giving its token away
  deviceId @1 :Data;
  createdMs @2 :UInt64;
  lastUsedMs @3 :UInt64;
  expiresMs @4 :UInt64;
  current @5 :Bool;
}

struct DeviceKeyPackage @0xa9f009fcc02ad039 {
  deviceId @0 :Data;
  keyPackage @1 :Data;      # an MLSMessage of type mls_key_package (RFC 9420 §6)
  lastResort @2 :Bool;
}

struct JoinRequest @0xd1b7c2f0a4e96835 {
  id @0 :UInt64;            # names the request to endJoinRequests
  linkHash @1 :Data;        # 32 bytes: SHA-256 of the link's token
  accountKey @2 :Data;      # 32 bytes: the account whose device asks, by its session
  username @3 :Text;
  sealed @4 :Data;          # ≤ 4 KiB, sealed to the link's key (specification §9)
  receivedMs @5 :UInt64;
}

interface AuthenticationService @0xf8ac5cf90ca4fedb {
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
  # Who: D. Usernames that start with prefix (≥ 1 character), sorted, limit ≤ 20; only the one that is prefix unless
  # the operator has turned the search by beginnings on. Only names: keys come from lookup.

  uploadKeyPackages @12 (keyPackages :List(Data), lastResort :Data) -> (available :UInt32);
  # Who: D. Adds to the calling device's stock (≤ 100 a call and in all); lastResort empty = keep the present one. All
  # or nothing. Each is decoded and verified: E020 malformed or bad signature, E021 ciphersuite, E022 lifetime, E023
  # credential of another device, E025 X-Wing key.

  countKeyPackages @13 () -> (available :UInt32, lastResort :Bool);
  # Who: D. The calling device's stock that is still handed out; lastResort: there is one, and nobody has it yet.

  fetchKeyPackage @14 (accountKey :Data, deviceIds :List(Data), linkToken :Data)
    -> (keyPackages :List(DeviceKeyPackage));
  # Who: D. One KeyPackage for each device of the account (deviceIds empty = all in its list), each handed out once
  # and removed in the same transaction; the last-resort one is never removed. linkToken: empty, or the token of an
  # invite link of that account, 32 bytes: an account that takes invited people only (putSettings) wants it of all
  # but its own devices, accounts in a channel where it has written, and those whose links it has answered. Errors: E005
  # per caller and target, in a minute and (but for own devices) in 24 h, E012, E024 (names the device), E026.

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

  deleteAccount @21 (devices :SignedDeviceList, signature :Data, proof :DeviceProof) -> ();
  # Who: D, in a session that began with the password within the last 5 minutes (E003). Deletes the account for good
  # (docs/decisions/049): as the operator's `users delete`. signature: 64 bytes, account root key over
  # schema/signed_call.ts, deletionBytes. devices: the account's last device list, which revokes every device (else
  # E014) and follows the stored one as in putDeviceList (E015); an empty list leaves the stored one in force. A device
  # whose account is deleted already may call it, too, with whatever parameters, and is answered as if it had done it:
  # so a lost answer can be asked for. Errors: E003, E014, E015, E023.

  getSettings @22 () -> (version :UInt64, sealed :Data, invitedOnly :Bool);
  # Who: D. What the account's devices share beside the vault: version 0 and nothing where there is none yet.

  putSettings @23 (expectedVersion :UInt64, sealed :Data, invitedOnly :Bool) -> ();
  # Who: D. Compare-and-set: stores version expectedVersion + 1 iff the stored one is expectedVersion, else E015.
  # sealed: 1 byte to 128 KiB, AEAD under a key of the account's devices (specification §9), opaque to the server.
  # invitedOnly: fetchKeyPackage wants a link's token. Errors: E011, E014, E015.

  putLink @24 (linkHash :Data, publicKey :Data, endMs :UInt64, requests :UInt16) -> ();
  # Who: D. Makes an invite link known. linkHash: SHA-256 of its token, 32 bytes; publicKey: the X-Wing key to which
  # requests are sealed, 1,216 bytes; endMs: at most 366 days ahead; requests: 1 to 1,000, how many accounts may ask by
  # it. The own link again, with the same key, changes nothing. Errors: E014, E032 (50 links of an account).

  removeLink @25 (linkHash :Data) -> ();
  # Who: D. Revokes a link of the account, and deletes its requests. An unknown one is answered as if it had been
  # there.

  openLink @26 (token :Data) -> (accountKey :Data, publicKey :Data, endMs :UInt64);
  # Who: D. The link with this token (32 bytes). E027 for one that is unknown, revoked, over, or of a deleted account:
  # they are answered alike. Errors: E005 per address, E027.

  requestJoin @27 (token :Data, sealed :Data) -> ();
  # Who: D. Leaves a request with the account that made the link, until one of its devices ends it or the link ends. An
  # account asks once by a link: again, the newer request takes the older one's place, if that waits yet, and is else
  # answered as if it had been stored. Errors: E005 per address and account, E011 (over 4 KiB), E013 (as many have asked
  # as may, or 500 wait for the account), E027.

  joinRequests @28 () -> (requests :List(JoinRequest));
  # Who: D. The requests by links of the account that wait, the oldest first: at most 40, the others once these have
  # ended.

  endJoinRequests @29 (ids :List(UInt64)) -> ();
  # Who: D. Ends requests by links of the account (≤ 100 a call); unknown ones are passed over. What was sealed is
  # deleted; that the account has asked stays until the link ends.

  report @30 (accountKey :Data, text :Text) -> ();
  # Who: D. Leaves a report about an account with the server's operator, in the clear: 1 byte to 64 KiB. Kept 90 days.
  # Errors: E005 (10 of an account in 24 h), E011, E012, E014.
}

/** The one row of OPAQUE server keys. */

import type { OpaqueServerKeys } from "../../../opaque/server_keys.ts";
import type { AccountStore } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";

export const opaqueKeyOperations: Operations<Pick<AccountStore, "opaqueServerKeys" | "ensureOpaqueServerKeys">> = {
  opaqueServerKeys: (db) => stored(db),

  ensureOpaqueServerKeys(db, { oprfSeed, akePrivateKey, akePublicKey, fakeRecord, fakeSecret }) {
    db.run(
      "INSERT INTO opaque_server_keys VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      oprfSeed,
      akePrivateKey,
      akePublicKey,
      fakeRecord,
      fakeSecret,
    );
    return stored(db)!;
  },
};

function stored(db: Database): OpaqueServerKeys | undefined {
  return db.get<OpaqueServerKeys>(
    `SELECT oprf_seed AS oprfSeed, ake_private_key AS akePrivateKey, ake_public_key AS akePublicKey,
     fake_record AS fakeRecord, fake_secret AS fakeSecret
     FROM opaque_server_keys`,
  );
}

-- The public key that an account's recovery code gives (docs/decisions/018). Accounts of older versions have none until they make a new code.
ALTER TABLE accounts ADD COLUMN recovery_key BLOB NOT NULL DEFAULT x'';

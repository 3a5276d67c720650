/** An account that uploads valid and faulty KeyPackages. */
import { authentication } from "../../../schema/rpc/methods.ts";
import { answerOf, Rig, type TestAccount } from "./rig.ts";
import { type KeyPackageOptions, makeKeyPackage } from "./key_packages.ts";

/** Empty: no last resort. */
export const none = new Uint8Array();

/** The values of a valid KeyPackage of the account's device. */
export async function baseOf(account: TestAccount): Promise<KeyPackageOptions> {
  return { device: account.device, credential: await account.credential(), nowMs: account.rig.nowMs };
}

/** An account `alice` with a device, and ways to upload. */
export async function uploader() {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const base = await baseOf(alice);
  const upload = (keyPackage: Uint8Array<ArrayBuffer>) =>
    answerOf(alice.client.call(authentication.uploadKeyPackages, { keyPackages: [keyPackage], lastResort: none }));
  const uploadLast = (lastResort: Uint8Array<ArrayBuffer>) =>
    answerOf(alice.client.call(authentication.uploadKeyPackages, { keyPackages: [], lastResort }));
  return {
    rig,
    alice,
    base,
    upload,
    uploadLast,
    with: async (changes: Partial<KeyPackageOptions>) => await upload(await makeKeyPackage({ ...base, ...changes })),
  };
}

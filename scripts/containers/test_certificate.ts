/** A certificate for tests with a domain, as an operator's own PEM files. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { deno, root } from "../paths.mjs";

/** @returns the PEM of a certificate for `chat.test`, and a folder with it as `cert.pem`, and `key.pem` */
export function folderWithCertificate(): { folder: string; certificate: string } {
  const folder = mkdtempSync(`${tmpdir()}/qpq-tls-`);
  const make = `const { makeSelfSignedCertificate } = await import(${
    JSON.stringify(`${root}/server-common/self_signed_certificate.ts`)
  });
    const now = Date.now();
    console.log(JSON.stringify(await makeSelfSignedCertificate({
      notBefore: new Date(now - 1e7), notAfter: new Date(now + 1e8),
      commonName: "chat.test", dnsNames: ["chat.test"], ipAddresses: [],
    })));`;
  const { certificate, privateKey } = JSON.parse(execFileSync(deno, ["eval", make], { cwd: root, encoding: "utf8" }));
  writeFileSync(`${folder}/cert.pem`, certificate);
  writeFileSync(`${folder}/key.pem`, privateKey);
  chmodSync(folder, 0o755);
  return { folder, certificate };
}

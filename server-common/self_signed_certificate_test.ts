import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { makeSelfSignedCertificate } from "./self_signed_certificate.ts";

Deno.test("makeSelfSignedCertificate() makes a P-256 certificate with the given names and validity", async () => {
  const pair = await makeSelfSignedCertificate({
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: new Date("2051-06-01T12:30:15Z"),
    commonName: "a server",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1", "::1"],
  });
  const certificate = new X509Certificate(pair.certificate);
  assert.equal(certificate.subject, "CN=a server");
  assert.equal(certificate.issuer, certificate.subject);
  assert.match(certificate.subjectAltName ?? "", /^DNS:localhost, IP Address:127\.0\.0\.1, IP Address:.*1$/);
  assert.equal(Date.parse(certificate.validFrom), Date.parse("2026-01-01T00:00:00Z"));
  assert.equal(Date.parse(certificate.validTo), Date.parse("2051-06-01T12:30:15Z"));
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(certificate.ca, false);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.match(pair.privateKey, /^-----BEGIN PRIVATE KEY-----\n/);
});

Deno.test("makeSelfSignedCertificate() never repeats a key or a serial number", async () => {
  const make = () =>
    makeSelfSignedCertificate({
      notBefore: new Date(0),
      notAfter: new Date(1000),
      commonName: "x",
      dnsNames: ["x"],
      ipAddresses: [],
    });
  const made = await Promise.all(Array.from({ length: 20 }, make));
  const certificates = made.map((pair) => new X509Certificate(pair.certificate));
  assert.equal(new Set(certificates.map(({ serialNumber }) => serialNumber)).size, 20);
  assert.equal(new Set(made.map(({ privateKey }) => privateKey)).size, 20);
  assert.ok(certificates.every(({ serialNumber }) => /^[4-7][0-9A-F]{31}$/.test(serialNumber)));
  assert.ok(certificates.every((certificate) => certificate.verify(certificate.publicKey)));
});

import assert from "node:assert/strict";
import { parseIpAddress } from "./ip_address.ts";

Deno.test("parseIpAddress() reads both families, mapped IPv4 as IPv4, and drops a zone", () => {
  for (
    const [text, canonical] of [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::FFFF:C000:201", "192.0.2.1"],
      ["2001:0DB8:0:0::1", "2001:db8::1"],
      ["fe80::1%eth0", "fe80::1"],
      ["::", "::"],
    ]
  ) assert.equal(parseIpAddress(text)?.toString(), canonical, text);
});

Deno.test("parseIpAddress() refuses everything else", () => {
  const texts = ["", "localhost", "1.2.3", "1", "0x7f.0.0.1", "0177.0.0.1", "1.2.3.256", "1.2.3.4.5", " 1.2.3.4"];
  texts.push("1.2.3.4:80", "[::1]", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "1:2:3:4:5:6:7", "::g", "%eth0");
  for (const text of texts) assert.equal(parseIpAddress(text), undefined, text);
});

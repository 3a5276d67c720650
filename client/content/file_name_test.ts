import assert from "node:assert/strict";
import { safeFileName } from "./file_name.ts";

Deno.test("CONVERSATIONS: names of files lose folders, controls and signs that turn the direction of writing", () => {
  const names: [string, string][] = [
    ["holiday.jpg", "holiday.jpg"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\anna\\cv.pdf", "cv.pdf"],
    ["..", "file"],
    [".bashrc", "bashrc"],
    ["", "file"],
    ["\u200b\u2800", "file"],
    ["a\u202egpj.exe", "agpj.exe"],
    ["line\nend\u0000.txt", "lineend.txt"],
    ["half\ud83d.txt", "half\ufffd.txt"],
    ["Ünïcode 日本.png", "Ünïcode 日本.png"],
  ];
  for (const [given, safe] of names) assert.equal(safeFileName(given), safe);
  const long = safeFileName(`${"x".repeat(500)}.jpeg`);
  assert.deepEqual([long.length, long.slice(-6)], [120, "x.jpeg"]);
  assert.equal(safeFileName("🎈".repeat(100)).isWellFormed(), true);
});

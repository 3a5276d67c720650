import assert from "node:assert/strict";
import { qrPath } from "./qr_path.ts";

/** @returns the drawn modules as "x,y" */
function modulesOf(path: string): Set<string> {
  const modules = new Set<string>();
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let dx = 0; dx < Number(width); dx++) {
      modules.add(`${Number(x) + dx},${y}`);
    }
  }
  return modules;
}

Deno.test("qrPath() draws the three finder patterns within a quiet zone of four modules", () => {
  const { path, size } = qrPath(Uint8Array.from({ length: 65 }, (_, index) => index * 3));
  const modules = modulesOf(path);
  const finder = (left: number, top: number) => {
    for (let x = 0; x < 7; x++) {
      for (let y = 0; y < 7; y++) {
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        assert.equal(modules.has(`${left + x},${top + y}`), ring !== 2, `${left + x},${top + y}`);
      }
    }
  };
  finder(4, 4);
  finder(size - 11, 4);
  finder(4, size - 11);
  for (const module of modules) {
    for (const part of module.split(",").map(Number)) assert.ok(part >= 4 && part < size - 4, module);
  }
  // Version n has 17 + 4n modules a side (ISO/IEC 18004 §7.1).
  assert.equal((size - 8 - 17) % 4, 0);
});

Deno.test("qrPath() draws other bytes as another code, and the same bytes as the same code", () => {
  const bytes = new Uint8Array(65).fill(7);
  assert.equal(qrPath(bytes).path, qrPath(bytes.slice()).path);
  assert.notEqual(qrPath(bytes).path, qrPath(bytes.with(64, 8)).path);
});

/** A QR code as one SVG path. Pure. */

import { encode } from "uqr";

/** Light modules around the code, as ISO/IEC 18004 §9.1 asks for. */
const quietModules = 4;

/**
 * @param bytes the content of the code, in byte mode
 * @returns the path's data in units of one module, and the width and height in modules
 */
export function qrPath(bytes: Uint8Array): { path: string; size: number } {
  const { data, size } = encode([...bytes], { ecc: "M", border: quietModules });
  const runs = data.flatMap((row, y) => {
    const found: string[] = [];
    for (let x = 0; x < size; x++) {
      const start = x;
      while (x < size && row[x]) x++;
      if (x > start) found.push(`M${start} ${y}h${x - start}v1h-${x - start}z`);
    }
    return found;
  });
  return { path: runs.join(""), size };
}

/** Builds the search's probe: a page and a Worker with a real search over the browser's storages. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { build } from "vite";
import { root } from "../paths.mjs";

/** @returns {Promise<{ folder: string, remove: () => Promise<void> }>} where the files are, and what deletes them */
export async function buildSearchProbe() {
  const folder = await mkdtemp(`${tmpdir()}/qpq-probe-`);
  const sqlite = `${root}/node_modules/@evolu/sqlite-wasm/sqlite-wasm/jswasm/sqlite3-bundler-friendly.mjs`;
  await build({
    configFile: false,
    root: `${root}/web`,
    publicDir: false,
    logLevel: "error",
    resolve: { alias: { "@evolu/sqlite-wasm": sqlite } },
    worker: { format: "es" },
    build: {
      outDir: folder,
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: `${root}/web/testing/search_probe_page.ts`,
        output: { entryFileNames: "page.js" },
      },
    },
  });
  await writeFile(`${folder}/index.html`, '<!doctype html><script type="module" src="/page.js"></script>');
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

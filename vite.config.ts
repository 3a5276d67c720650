import { fileURLToPath } from "node:url";
import { defineConfig, type Rolldown } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import solid from "vite-plugin-solid";
import { screenChunks } from "./web/build/chunks.ts";
import { manifest } from "./web/build/manifest.ts";
import { precompress } from "./web/build/precompress.ts";
import { wokenEngine } from "./web/build/woken_engine.ts";

type LogLevel = Rolldown.LogLevel;
type RolldownLog = Rolldown.RolldownLog;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * SJCL (under OPAQUE) assigns `module.exports` behind a test that is false in a browser, and exports itself
 * as an ES module too: the one warning that says nothing.
 */
function onLog(level: LogLevel, log: RolldownLog, report: (level: LogLevel, log: RolldownLog) => void): void {
  const file = (log.id ?? log.loc?.file ?? "").replaceAll("\\", "/");
  const isKnown = log.code === "COMMONJS_VARIABLE_IN_ESM" &&
    (file || log.message).includes("@cloudflare/voprf-ts/lib/src/sjcl/index.js");
  if (!isKnown) report(level, log);
}

/** The search's SQLite without the package's own Workers, which are not used. */
const sqliteWasm = {
  "@evolu/sqlite-wasm": here("./node_modules/@evolu/sqlite-wasm/sqlite-wasm/jswasm/sqlite3-bundler-friendly.mjs"),
};

/** Which plugin took how long is nothing to whoever builds it. */
const rolldownOptions = { onLog, checks: { bundlerTimings: false } };

/**
 * `vite build` makes the app in dist/web; `vite build --mode fake` makes it around the in-memory engine, in
 * dist/web-fake, to look at and to test the interface alone.
 */
export default defineConfig(({ mode }) => {
  const outDir = here(mode === "fake" ? "./dist/web-fake" : "./dist/web");
  const root = here("./web");
  const resolve = {
    alias: {
      ...sqliteWasm,
      "trusted-dom": here("./web/dom/trusted_dom.ts"),
      crypto: here("./web/build/node_crypto.ts"),
    },
  };
  return {
    root,
    publicDir: here("./public"),
    base: "/",
    resolve,
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      assetsDir: "assets",
      // The CSP knows no data: URLs for scripts or styles, so nothing is inlined.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        ...rolldownOptions,
        output: {
          codeSplitting: screenChunks([["start", here("./web/main.tsx")], ["chats", here("./web/views/shell.tsx")]]),
        },
      },
    },
    worker: { format: "es", rolldownOptions },
    plugins: [
      // Compiled templates register themselves with the Trusted Types policy on their way to Solid
      // (web/dom/trusted_dom.ts).
      solid({ solid: { moduleName: "trusted-dom" } }),
      VitePWA({
        strategies: "injectManifest",
        srcDir: ".",
        filename: "service_worker.ts",
        injectRegister: false,
        manifest,
        injectManifest: {
          // As an ES module the classic service worker would end in `export default` and fail to start.
          rollupFormat: "iife",
          globPatterns: ["**/*.{html,js,css,wasm,svg,png,woff2,webmanifest}"],
          // The browser keeps it for its registration.
          globIgnores: ["woken.js"],
          maximumFileSizeToCacheInBytes: 8 * 1024 * 1024,
        },
      }),
      ...(mode === "fake" ? [] : [wokenEngine(here("./web/woken/worker.ts"), outDir, { root, resolve })]),
      precompress(outDir),
    ],
  };
});

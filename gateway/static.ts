/** Serves the built PWA from a folder. */
import type { HttpRequest } from "../server-common/http_exchange.ts";
import { textResponse } from "../server-common/text_response.ts";
import { type FileContent, FileContents, inPieces } from "./file_contents.ts";

/** Content type by extension. Other files are served as bytes, which browsers save and never run. */
const contentTypes: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  mp3: "audio/mpeg",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json; charset=utf-8",
  webp: "image/webp",
  woff2: "font/woff2",
};
const precompressed = [["br", ".br"], ["gzip", ".gz"]] as const;
/** Paths of the service worker alone (web/media/stream_protocol.ts): without one there is nothing, and no page. */
const workerFolder = "media";
/** A file that was changed more recently may still be on its way: no browser may keep it for a year. */
const settledMs = 10_000;
const indexFile = "index.html";

interface RegularFile {
  path: string;
  info: Deno.FileInfo;
}

interface FoundFile extends RegularFile {
  /** The path of the file in the build. */
  name: string;
  /** The encoding of the compressed sibling that is served instead. */
  encoding?: "br" | "gzip";
}

/** Serves the built app, with its precompressed files. */
export class StaticFiles {
  readonly #root: string;
  readonly #contents = new FileContents();

  readonly #now: () => number;

  /**
   * @param root folder of the build; it may be created after the start
   * @param now milliseconds since 1970
   */
  constructor(root: string, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  /**
   * Answers GET and HEAD. A navigation to a path without a file gets the page, whose router knows the path.
   *
   * @returns 200, 304 or 404, without the headers that every answer has
   */
  async serve(request: HttpRequest): Promise<Response> {
    const segments = pathSegments(request.url.pathname);
    if (!segments || segments[0] === workerFolder) return notFound();
    const name = segments.length === 0 ? indexFile : segments.join("/");
    const file = this.#find(name, request.headers) ??
      (isNavigation(request, segments) ? this.#find(indexFile, request.headers) : undefined);
    if (!file) return notFound();
    try {
      const { path, info } = file;
      const isSettled = this.#now() - (info.ctime ?? info.mtime ?? new Date(0)).getTime() > settledMs;
      const content = await this.#contents.read(path, info, isSettled);
      return respond(request, file, content, isSettled);
    } catch {
      // It was removed since, or may not be read.
      return notFound();
    }
  }

  /**
   * Does not wait: the system has the folder's entries in memory, and answers before another thread could be asked.
   * Four questions one after another, each on a thread of its own, would each wait for it while the cores are busy.
   */
  #find(name: string, headers: Headers): FoundFile | undefined {
    let root: string;
    try {
      root = Deno.realPathSync(this.#root);
    } catch {
      return undefined;
    }
    const original = regularFile(root, name);
    if (!original) return undefined;
    for (const [encoding, suffix] of precompressed) {
      if (!accepts(headers.get("accept-encoding"), encoding)) continue;
      const smaller = regularFile(root, name + suffix);
      if (smaller) return { ...smaller, encoding, name };
    }
    return { ...original, name };
  }
}

/**
 * The segments of a request's path, decoded.
 *
 * @returns undefined for a path that could leave the folder, or names a hidden file
 */
function pathSegments(encodedPath: string): string[] | undefined {
  let path: string;
  try {
    path = decodeURIComponent(encodedPath);
  } catch {
    return undefined;
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\\:]/.test(path)) return undefined;
  const segments = path.split("/").slice(1);
  if (segments.at(-1) === "") segments.pop();
  return segments.every((segment) => segment !== "" && !segment.startsWith(".")) ? segments : undefined;
}

function regularFile(root: string, name: string): RegularFile | undefined {
  try {
    // A link inside the folder must not lead out of it.
    const path = Deno.realPathSync(`${root}/${name}`);
    if (!path.startsWith(`${root}/`) && !path.startsWith(`${root}\\`)) return undefined;
    const info = Deno.statSync(path);
    return info.isFile ? { path, info } : undefined;
  } catch {
    return undefined;
  }
}

function accepts(acceptEncoding: string | null, encoding: string): boolean {
  const offers = acceptEncoding?.toLowerCase().split(",").map((offer) => offer.trim().split(/\s*;\s*/)) ?? [];
  return offers.some(([name, weight]) => name === encoding && !/^q=0(\.0*)?$/.test(weight ?? ""));
}

function isNavigation(request: HttpRequest, segments: string[]): boolean {
  const isDocument = request.headers.get("sec-fetch-dest") === "document" ||
    (request.headers.get("accept") ?? "").includes("text/html");
  return isDocument && !segments.at(-1)?.includes(".");
}

function respond(
  request: HttpRequest,
  { encoding, name }: FoundFile,
  { bytes, sha256 }: FileContent,
  isSettled: boolean,
): Response {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  // Of the bytes that are sent: each encoding has its own.
  const etag = `"${sha256}"`;
  const headers = new Headers({
    "content-type": contentTypes[extension] ?? "application/octet-stream",
    // Vite names each file in assets/ by the hash of its content. Browsers must ask again for files of other
    // names.
    "cache-control": (isSettled && /^assets\//.test(name) ? "public, max-age=31536000, immutable" : "no-cache") +
      ", no-transform",
    vary: "accept-encoding",
    etag,
  });
  if (matches(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  headers.set("content-length", String(bytes.length));
  if (encoding) headers.set("content-encoding", encoding);
  return new Response(request.method === "HEAD" ? null : inPieces(bytes), { headers });
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch?.split(",").some((candidate) =>
    candidate.trim().replace(/^W\//, "") === etag || candidate.trim() === "*"
  ) ?? false;
}

function notFound(): Response {
  return textResponse(404, "not found");
}

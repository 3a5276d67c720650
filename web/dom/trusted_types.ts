/**
 * The one Trusted Types policy, "default": imported first in the page and in the Worker, before anything can
 * touch a sink.
 *
 * HTML: only strings that the compiler put into a component as a Solid template, which register here on their
 * way to Solid (trusted_dom.ts). Script URLs: only this origin's. Scripts as text: never. A refused string
 * throws at the sink (the policy returns null). Source: W3C Trusted Types §2.3, §3.5 ("default" policy).
 */

interface PolicyFactory {
  createPolicy(name: string, rules: {
    createHTML(html: string): string | null;
    createScriptURL(url: string): string | null;
    createScript(): null;
  }): unknown;
}

const templates = new Set<string>();

/** @param html a template's markup, a constant of the compiled code */
export function allowTemplate(html: string): void {
  templates.add(html);
}

/** @returns whether a script may be loaded from there: same origin, over the page's own scheme */
export function isOwnScriptUrl(url: string, pageUrl: string): boolean {
  const page = new URL(pageUrl);
  return URL.canParse(url, page) && new URL(url, page).origin === page.origin;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
factory?.createPolicy("default", {
  createHTML: (html) => (templates.has(html) ? html : null),
  createScriptURL: (url) => (isOwnScriptUrl(url, globalThis.location.href) ? url : null),
  createScript: () => null,
});

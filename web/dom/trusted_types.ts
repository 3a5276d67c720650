/**
 * The only Trusted Types policy, "default". Page and Worker import it first, before any code can reach a
 * sink.
 *
 * HTML: only Solid templates, which the compiler put into components and trusted_dom.ts registers here.
 * Script URLs: only those of this origin. Scripts as text: never. For a refused string the policy returns
 * null, and the sink throws. Source: W3C Trusted Types §2.3, §3.5 ("default" policy).
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

/** The web app manifest: name and look of the installed app. */

import type { ManifestOptions } from "vite-plugin-pwa";

export const manifest: Partial<ManifestOptions> = {
  id: "/",
  name: "quicproquo",
  short_name: "quicproquo",
  description: "End-to-end encrypted, post-quantum group messaging",
  start_url: "/",
  scope: "/",
  display: "standalone",
  background_color: "#f3f5f4",
  theme_color: "#0c5a4d",
  categories: ["social", "communication"],
  icons: [
    { src: "/icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" },
    { src: "/icon-192.png", sizes: "192x192", type: "image/png", purpose: "any" },
    { src: "/icon-512.png", sizes: "512x512", type: "image/png", purpose: "any" },
    { src: "/icon-maskable-192.png", sizes: "192x192", type: "image/png", purpose: "maskable" },
    { src: "/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
  ],
};

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // A script written into the page would need 'unsafe-inline'; the browsers that this page is for preload modules themselves.
  build: { modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});

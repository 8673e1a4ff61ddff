// What a page pays for Setpoint, in gzip. The framework is the page's own and is not counted.
export default [
  { name: "client in a browser", path: "packages/client/dist/browser.js", limit: "2000 B", gzip: true },
  { name: "client with React hooks", path: "packages/react/dist/index.js", ignore: ["react", "react-dom"], limit: "2600 B", gzip: true },
];

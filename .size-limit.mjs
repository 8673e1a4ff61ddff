const gzip = true;
const modifyEsbuildConfig = (config) => ({ ...config, format: "esm" });

// What a page pays for Setpoint, in gzip. The framework is the page's own and is not counted.
export default [
  {
    name: "client in a browser",
    path: "packages/client/dist/browser.js",
    import: "{ createClient }",
    limit: "2000 B",
    gzip,
    modifyEsbuildConfig,
  },
  {
    name: "client with React hooks",
    path: "packages/react/dist/index.js",
    import: "{ SetpointProvider, useConfig, useSetpointStatus }",
    ignore: ["react", "react/jsx-runtime"],
    limit: "2600 B",
    gzip,
    modifyEsbuildConfig,
  },
];

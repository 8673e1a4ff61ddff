// Which code may import which: arrows point down and siblings do not touch. `npm run deps` checks it, and so does `npm test`.
// A workspace package resolves through its `exports` to its `dist`, so build before checking; type imports count, except for cycles.

/** Each package and the packages below it that it may import. */
const packagesBelow = {
  core: [],
  protocol: ["core"],
  client: ["core", "protocol"],
  artifacts: ["core", "protocol"],
  express: ["core", "protocol", "client"],
  fastify: ["core", "protocol", "client"],
  react: ["core", "protocol", "client"],
  openfeature: ["core", "protocol", "client"],
  testkit: ["core", "protocol"],
};
const anyPackage = "^(packages|apps|examples|e2e|bench)/";

/** Each folder of the daemon: the folders beside it and the packages below it that it may import, and those that it may name in types only. */
const daemonFolders = {
  ports: { folders: [], packages: ["core"], types: [] },
  drivers: { folders: ["ports"], packages: ["core", "client/dist/hub"], types: [] },
  engine: { folders: ["ports"], packages: ["core", "client/dist/hub"], types: ["protocol"] },
  features: { folders: ["ports", "engine"], packages: ["core", "protocol"], types: [] },
  http: { folders: ["ports", "engine"], packages: ["core", "protocol", "client/dist/hub"], types: [] },
};

function forbid(name, comment, from, to) {
  return { name, comment, severity: "error", from, to };
}

const packageRules = Object.entries(packagesBelow).map(([name, below]) =>
  forbid(
    `package-${name}`,
    `packages/${name} may import ${below.join(", ") || "no other package"} only`,
    { path: `^packages/${name}/src/` },
    { path: anyPackage, pathNot: `^packages/(${[name, ...below].join("|")})/` },
  ),
);

const daemonRules = Object.entries(daemonFolders).flatMap(([folder, { folders, packages, types }]) => [
  forbid(
    `daemon-${folder}`,
    `${folder} may import ${folders.join(", ") || "no other folder of the daemon"} only`,
    { path: `^apps/daemon/src/${folder}/` },
    { path: "^apps/daemon/src/", pathNot: `^apps/daemon/src/(${[folder, ...folders].join("|")})/` },
  ),
  forbid(
    `daemon-${folder}-packages`,
    `${folder} may import ${packages.join(", ")} only`,
    { path: `^apps/daemon/src/${folder}/` },
    { path: anyPackage, pathNot: `^(apps/daemon/|packages/(${[...packages, ...types].join("|")})/)` },
  ),
  ...types.map((name) =>
    forbid(
      `daemon-${folder}-names-${name}`,
      `${folder} may import types of ${name}, nothing that runs`,
      { path: `^apps/daemon/src/${folder}/` },
      { path: `^packages/${name}/`, dependencyTypesNot: ["type-only"] },
    ),
  ),
]);

/** Files of a third-party package, wherever the package manager put them. */
const thirdParty = (...names) => `node_modules/(${names.join("|")})/`;

export default {
  forbidden: [
    forbid("resolvable", "every import leads somewhere; build the workspace first", {}, { couldNotResolve: true }),
    forbid("no-cycle", "value imports form no cycle", {}, { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }),
    forbid(
      "through-exports",
      "another package is reached by its name, never by a path into its sources",
      { path: "^((packages|apps)/[^/]+)/" },
      { path: "^(packages|apps)/[^/]+/src/", pathNot: "^$1/" },
    ),
    forbid(
      "declared",
      "what ships is a dependency of the package, not a devDependency",
      { path: "^(packages|apps)/[^/]+/src/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm", "npm-peer", "npm-optional"] },
    ),
    ...packageRules,
    forbid("core-is-pure", "core has no I/O: no module of Node", { path: "^packages/core/src/" }, { dependencyTypes: ["core"] }),
    forbid(
      "zod-has-one-home-in-core",
      "zod is for authoring schemas only",
      { path: "^packages/core/src/", pathNot: "^packages/core/src/schema/" },
      { path: thirdParty("zod") },
    ),
    ...daemonRules,
    forbid(
      "one-composition-root",
      "drivers are created where the daemon is put together, nowhere else",
      { path: "^apps/daemon/src/(?!drivers/)[^/]+/" },
      { path: "^apps/daemon/src/drivers/" },
    ),
    forbid(
      "drivers-do-not-touch",
      "a driver of one port knows no other port's drivers",
      { path: "^apps/daemon/src/drivers/([^/]+)/" },
      { path: "^apps/daemon/src/drivers/", pathNot: "^apps/daemon/src/drivers/$1/" },
    ),
    forbid(
      "features-do-not-touch",
      "features never import features",
      { path: "^apps/daemon/src/features/([^/]+)/" },
      { path: "^apps/daemon/src/features/", pathNot: "^apps/daemon/src/features/$1/" },
    ),
    forbid(
      "web-framework-has-one-home",
      "ports, engine, drivers and features know no web framework",
      { path: "^apps/daemon/src/(ports|engine|drivers|features)/" },
      { path: thirdParty("fastify", "@fastify/[^/]+", "ws") },
    ),
    forbid(
      "apps-stand-on-packages",
      "an application imports core, protocol and client; never a test part, never another application",
      { path: "^(apps/[^/]+)/src/" },
      { path: anyPackage, pathNot: "^($1|packages/(core|protocol|client|artifacts))/" },
    ),
  ],
  options: {
    doNotFollow: { path: "(^|/)(node_modules|dist)/" },
    combinedDependencies: true,
    // TypeScript 7 has no API for other programs; swc reads .ts and .tsx and tells type imports apart.
    parser: "swc",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "node", "import", "default"],
      extensions: [".ts", ".tsx", ".js"],
    },
  },
};

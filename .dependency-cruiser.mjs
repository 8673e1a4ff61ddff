// The direction of dependencies, as docs/architecture.md section 7 draws it. `npm test` runs it.
const packageLevels = { core: [], protocol: ["core"], client: ["core", "protocol"], testkit: ["core", "protocol"] };
for (const adapter of ["express", "fastify", "react", "openfeature"]) packageLevels[adapter] = ["core", "protocol", "client"];

const packages = Object.entries(packageLevels).map(([name, below]) => ({
  name: `package-${name}`,
  comment: `packages/${name} may import ${below.length ? below.join(", ") : "no other package"} only`,
  severity: "error",
  from: { path: `^packages/${name}/src` },
  to: { path: "^(packages|apps|examples|e2e)/", pathNot: `^packages/(${[name, ...below].join("|")})/` },
}));

const within = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { path: "^apps/daemon/src", pathNot: allowed.map((folder) => `^apps/daemon/src/${folder}`) },
});

export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "value imports must not form a cycle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    ...packages,
    {
      name: "core-is-pure",
      comment: "core has no I/O: no node: modules, no framework",
      severity: "error",
      from: { path: "^packages/core/src" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "zod-has-one-home-in-core",
      severity: "error",
      from: { path: "^packages/core/src", pathNot: "^packages/core/src/schema/" },
      to: { path: "node_modules/zod/" },
    },
    within("daemon-ports", "^apps/daemon/src/ports/", ["ports/"], "ports are interfaces over core"),
    within("daemon-drivers", "^apps/daemon/src/drivers/", ["ports/", "drivers/"], "drivers know ports only"),
    within("daemon-engine", "^apps/daemon/src/engine/", ["ports/", "engine/"], "the engine knows ports only"),
    within("daemon-features", "^apps/daemon/src/features/", ["ports/", "engine/", "features/"], "features stand on engine and ports"),
    {
      name: "features-do-not-touch",
      comment: "features never import features",
      severity: "error",
      from: { path: "^apps/daemon/src/features/([^/]+)/" },
      to: { path: "^apps/daemon/src/features/", pathNot: "^apps/daemon/src/features/$1/" },
    },
    within("daemon-http", "^apps/daemon/src/http/", ["ports/", "engine/", "http/"], "http knows no feature and no driver"),
    {
      name: "cli-goes-through-the-door",
      comment: "the CLI reaches a daemon through client and protocol only",
      severity: "error",
      from: { path: "^apps/cli/src" },
      to: { path: "^apps/daemon/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|test|node_modules/(?!@setpoint))/" },
    tsPreCompilationDeps: true,
    parser: "swc",
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "default"], extensions: [".ts", ".tsx", ".js"] },
  },
};

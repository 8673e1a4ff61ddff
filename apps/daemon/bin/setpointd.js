#!/usr/bin/env node
// The package manager's link runs this on the workspace's Node; a global install may not.
import module from "node:module";

const major = Number(process.versions.node.split(".")[0]);
if (major < 26) {
  console.error("setpointd needs Node 26 or newer; this is Node " + process.versions.node + " (" + process.execPath + ").");
  process.exit(1);
}
// Compiled code is kept between runs: the larger part of a start is compiling.
module.enableCompileCache?.();
await import("../dist/main.js");

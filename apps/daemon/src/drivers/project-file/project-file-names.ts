/** What a project file may be called; a folder has one of them. */
export const projectFileNames: readonly string[] = [
  "setpoint.config.ts",
  "setpoint.config.js",
  "setpoint.config.mjs",
  "setpoint.config.json",
];

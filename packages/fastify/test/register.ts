import type { ContractConfig } from "@setpoint/testkit";

declare module "../src/register.ts" {
  interface Register {
    config: ContractConfig;
  }
}

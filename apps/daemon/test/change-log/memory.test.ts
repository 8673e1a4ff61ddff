import { changeLogContract } from "@setpoint/testkit";
import { createMemoryChangeLog } from "../../src/drivers/change-log/memory.ts";

changeLogContract("memory", () => Promise.resolve(createMemoryChangeLog()));

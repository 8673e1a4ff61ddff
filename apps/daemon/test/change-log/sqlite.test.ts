import { changeLogContract } from "@setpoint/testkit";
import { join } from "node:path";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import { temporaryFolder } from "../state-folder/temporary-folder.ts";

changeLogContract("sqlite", () => openSqliteChangeLog(join(temporaryFolder(), "setpoint.db")));

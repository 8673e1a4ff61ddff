// Started by lock.test.ts: takes the lock of the state folder it is given, says what came of it, and stays.
import { writeDaemonFile } from "../../src/drivers/state-folder/daemon-file.ts";
import { acquireLock } from "../../src/drivers/state-folder/lock.ts";
import { openStateFolder } from "../../src/drivers/state-folder/state-folder.ts";

const opened = openStateFolder(process.argv[2] as string);
if (!opened.ok) throw new Error(opened.reason);
const acquired = acquireLock(opened.folder);
if (acquired.ok) writeDaemonFile(opened.folder.daemonFile, { pid: process.pid, url: "http://127.0.0.1:4747", version: "0.1.0" });
process.stdout.write(acquired.ok ? "held\n" : `${acquired.reason}\n`);
process.stdin.resume();

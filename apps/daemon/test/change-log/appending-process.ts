// Started by kill.test.ts: appends groups until it is killed, keeps the head file, and prints each acknowledged revision.
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import { openHeadWitness } from "../../src/drivers/state-folder/head-witness.ts";
import { groupAfter } from "./kill-scenario.ts";

// A small write-ahead log, so that kills also meet checkpoints.
const log = await openSqliteChangeLog(process.argv[2] as string, { walBytes: 200_000 });
let head = await log.head();
const witness = openHeadWitness(process.argv[3] as string, head);
log.follow(witness.write);
for (;;) {
  const outcome = await log.append(head, groupAfter(head));
  head = outcome.head;
  process.stdout.write(`${head.revision}\n`);
}

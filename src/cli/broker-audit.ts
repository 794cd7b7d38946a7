/** `peerbus audit verify`: whether a broker's log is what was written, in the words of the original. */
import { existsSync } from "node:fs";
import { brokerStore } from "../git/broker-store.ts";
import { judgeLog } from "../app/kept-log.ts";
import { openLogOf } from "./audit-log.ts";
import { CommandFault } from "./fault.ts";

/**
 * @returns the exit code
 * @throws what opening and reading the log throws for a reason that is not in the log
 */
export async function verifyBroker(db: string): Promise<0 | 1> {
  if (!existsSync(db)) throw new CommandFault("store/unavailable", `open store ${JSON.stringify(db)}: no such file`);
  const store = await brokerStore(db);
  await using opened = await openLogOf({ main: store.folder, store }, undefined);
  const [flaw] = (await judgeLog(opened.log, () => undefined)).flatMap(({ flaw: found }) => found ?? []);
  const verdict =
    flaw === undefined ? "OK" : `BROKEN: record ${flaw.revision} ${flaw.what}: expected ${flaw.expected}, found ${flaw.found}`;
  process.stdout.write(`audit chain ${verdict}\n`);
  return flaw === undefined ? 0 : 1;
}

/** A process that proves a guard and prints what came of it: the canary needs one of its own, from which a bridge can be started. */
import { placeOf } from "../place.ts";
import { proveGuard } from "./canary.ts";

const [root = "", command = ""] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await proveGuard({ place: await placeOf(root), root, command }))}\n`);

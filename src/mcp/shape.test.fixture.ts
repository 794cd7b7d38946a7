/** Whether things that are made for each call are alike to V8, which needs less for each of them then. */
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";

setFlagsFromString("--allow-natives-syntax");
export const haveOneShape = runInThisContext("(one, other) => %HaveSameMap(one, other) && %HasFastProperties(one)") as (
  one: object,
  other: object,
) => boolean;

/** Calls before two are compared: after so many it has been learned what such things are like. */
export const BEFORE = 50;

/** The last two of many, made one after the other. */
export async function lastTwo<Made extends object>(make: () => Promise<Made>): Promise<[Made, Made]> {
  for (let times = 0; times < BEFORE; times += 1) await make();
  return [await make(), await make()];
}

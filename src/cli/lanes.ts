/** `signalbox lanes`: which lanes are held, by whom and for how long, and which were left behind. */
import { Command } from "commander";
import { timeOf } from "../tools/lane-line.ts";
import { called } from "../tools/quote.ts";
import { busStatus } from "../wire/bus/requests.ts";
import { type LaneView, StatusView } from "../wire/bus/views.ts";
import { busOf } from "./board-bus.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { tableLines } from "./table.ts";
import { type Paint, paintFor } from "./terminal.ts";

interface LanesFlags {
  readonly workspace?: string;
  readonly json?: boolean;
}

export function lanesCommand(): Command {
  return new Command("lanes")
    .option(...WORKSPACE_OPTION)
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExit code 0; 10 when no sidecar answers; 3 where no workspace is.")
    .action(async ({ workspace, json }: LanesFlags) => {
      const { active_lanes, orphaned_claims, writes } = StatusView.parse(await (await busOf(workspace)).ask(busStatus()));
      const text =
        json === true
          ? JSON.stringify({ active_lanes, orphaned_claims, ...(writes === undefined ? {} : { writes }) })
          : laneLines(active_lanes, orphaned_claims, Date.now(), paintFor(process.stdout, process.env)).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

/** A lane that is held by somebody who is gone is in both lists, and shown once. */
export function laneLines(active: readonly LaneView[], orphaned: readonly LaneView[], nowMs: number, paint: Paint): string[] {
  const left = orphaned.filter((lane) => !active.some((one) => one.lane === lane.lane));
  if (active.length + left.length === 0) return ["No lane is held."];
  const rows = [...active, ...left].map((lane) => cellsOf(lane, nowMs));
  const [titles = "", ...lines] = tableLines([["LANE", "HOLDER", "STATE", "LEFT", "TOKEN"], ...rows]);
  return [paint("dim", titles), ...lines];
}

function cellsOf(lane: LaneView, nowMs: number): string[] {
  const { lane: name = "?", owner = "nobody", asserted, owner_gone, state = "held", fencing_token } = lane;
  const holder = `${called(owner)}${asserted === true ? " (asserted)" : ""}`;
  const stands = `${state === "expired" ? "orphaned" : called(state)}${owner_gone === true ? ", holder gone" : ""}`;
  return [called(name), holder, stands, timeOf(lane, nowMs), fencing_token === undefined ? "-" : String(fencing_token)];
}

/**
 * The demonstration itself: two agents, one file, and what each of them is told. Every step is checked as it is shown, so a
 * demonstration that reads well is one that worked.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DemoScratch } from "./scratch.ts";
import { CommandFault } from "../fault.ts";
import type { HostAnswer, McpHost } from "../mcp-host.ts";
import type { Paint } from "../terminal.ts";

export interface Stage {
  readonly scratch: DemoScratch;
  readonly ana: McpHost;
  readonly bo: McpHost;
  readonly write: (text: string) => void;
  readonly paint: Paint;
}

/** Lines of an answer that are shown, and characters of a line. */
const SHOWN_LINES = 5;
const SHOWN_CHARACTERS = 160;

/** @throws CommandFault when something answers otherwise than it should */
export async function playStory({ scratch, ana, bo, write, paint }: Stage): Promise<void> {
  const { file } = scratch;
  let step = 0;

  /** Calls a tool, shows who called what and the first lines of the answer, and holds its `status` against `wanted`. */
  async function show(title: string, who: "ana" | "bo", tool: string, args: object, wanted?: string): Promise<HostAnswer> {
    const answer = await (who === "ana" ? ana : bo).call(tool, { ...args });
    step += 1;
    write(`${paint("bold", `${step}. ${title}`)}\n`);
    write(`   ${paint("dim", `${who} calls ${tool}${inBrief(args)}`)}\n`);
    write(`${excerpt(answer.text)}\n\n`);
    const status = answer.structured["status"];
    if (answer.isError || (wanted !== undefined && status !== wanted)) {
      throw new CommandFault(
        "demo/unexpected",
        `${tool} was to answer ${wanted ?? "without an error"} and answered: ${answer.text.trim()}`,
      );
    }
    return answer;
  }

  await bo.call("who_is_working"); // so that both are there
  const first = await show("Who is here? Each agent has a worktree and a branch of its own.", "ana", "who_is_working", {});
  expect(first.structured["participant_count"] === 2, "two participants");

  const task = { objective: "explain the installation", files: [file] };
  const begun = await show(`Ana is about to change ${file} and says so first.`, "ana", "begin_task", task, "ok");
  const other = { objective: "fix the spelling", files: [file] };
  await show("Bo wants the same file and is told before a line is written.", "bo", "begin_task", other, "blocked");
  const overlap = await show("Bo can ask beforehand, too.", "bo", "check_overlap", { files: [file] });
  expect(overlap.structured["has_overlap"] === true, "an overlap");

  const insisting = { ...other, on_overlap: "proceed" };
  const both = await show("Bo may go on all the same. Then the conflict is on record.", "bo", "begin_task", insisting, "ok");
  const [conflict] = (both.structured["conflicts"] ?? []) as readonly { readonly conflict_id?: string }[];
  expect(conflict?.conflict_id !== undefined, "a conflict");
  await show("Ana sees it and accepts.", "ana", "ack_conflict", { conflict_id: conflict?.conflict_id, ack_type: "accepted" }, "ok");

  const state = await ana.call("get_file_state", { path: file });
  const before = String(state.structured["state_ref"]);
  const intent = String(begun.structured["intent_id"]);
  const content = `${String(state.structured["content"])}\nA line that Ana wrote.\n`;
  const change = { intent_id: intent, target: file, content, state_ref_before: before };
  await show("Ana submits her change against the file as she read it.", "ana", "submit_change", change, "success");

  const path = join(scratch.worktrees.ana, file);
  const written = await readFile(path);
  const late = { ...change, content: "What somebody with an old copy would write over it.\n" };
  await show("The same again from the old copy: refused, and nothing is overwritten.", "ana", "submit_change", late, "stale");
  expect((await readFile(path)).equals(written) && written.toString("utf8") === content, "the file as Ana submitted it");
  write(`   ${paint("green", `${file} is, byte for byte, what Ana submitted.`)}\n\n`);

  await show("Ana is done.", "ana", "yield_task", { intent_id: intent }, "ok");
  await show("Bo as well: nothing is held any more.", "bo", "yield_task", { intent_id: both.structured["intent_id"] }, "ok");
  const last = await bo.call("who_is_working");
  expect(last.structured["active_intent_count"] === 0 && last.structured["open_conflict_count"] === 0, "no task and no conflict left");
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new CommandFault("demo/unexpected", `the demonstration expected ${what}`);
}

/** Arguments without what is long. */
function inBrief(args: object): string {
  const shown = Object.entries(args).map(([name, value]) => {
    const text = JSON.stringify(value);
    return `${name}: ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`;
  });
  return shown.length === 0 ? "" : ` { ${shown.join(", ")} }`;
}

function excerpt(text: string): string {
  const lines = text.trimEnd().split("\n");
  const shown = lines
    .slice(0, SHOWN_LINES)
    .map((line) => `   │ ${Array.from(line).slice(0, SHOWN_CHARACTERS).join("")}${Array.from(line).length > SHOWN_CHARACTERS ? "…" : ""}`);
  return [...shown, ...(lines.length > SHOWN_LINES ? ["   │ …"] : [])].join("\n");
}

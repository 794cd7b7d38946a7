/**
 * `signalbox init`: wires Claude Code for a worktree, with the server in `.mcp.json` and the guard before edits, proves that
 * the guard blocks, and prints what other clients need.
 *
 * Nothing is written that was not shown, and nobody is asked where nobody can answer.
 */
import { Command, Option } from "commander";
import { proveGuard } from "./init/canary.ts";
import { askYesNo } from "./init/ask.ts";
import { gitRemarks } from "./init/git-remarks.ts";
import { type Change, PROJECT_FILES } from "./init/plan.ts";
import { linkedTo } from "./init/project-files.ts";
import { diffOf, painted } from "./init/show-change.ts";
import { carryOut, planFor, type Project, projectAt } from "./init/wiring.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, WORKSPACE_OPTION } from "./place.ts";
import { withProgress } from "./progress.ts";
import { snippetText } from "./snippets.ts";
import { type Paint, paintFor } from "./terminal.ts";

interface InitFlags {
  readonly workspace?: string;
  readonly strict?: boolean;
  readonly remove?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function initCommand(): Command {
  return new Command("init")
    .addOption(new Option("--client <name>", "coding client to wire").choices(["claude"]).default("claude"))
    .option(...WORKSPACE_OPTION)
    .option("--strict", "deny edits when the sidecar cannot be asked, instead of letting them through")
    .option("--remove", "put the files back as they were")
    .option("--dry-run", "show what would change in the files, and leave them")
    .option("-y, --yes", "ask no question")
    .option("--json", "one JSON document; writes with --yes only")
    .addHelpText(
      "after",
      "\nExit code 0 when the guard is wired and blocks, 1 when it does not, or you said no; 2 when there is nobody to ask.",
    )
    .action(async (flags: InitFlags) => {
      const project = await projectAt(await placeOf(flags.workspace), flags);
      const outcome = await (flags.remove === true ? remove(project, flags) : install(project, flags));
      if (flags.json === true) process.stdout.write(`${JSON.stringify({ workspace_dir: project.root, ...outcome })}\n`);
    });
}

interface Outcome {
  readonly files: readonly { readonly path: string; readonly change: "create" | "update" | "delete"; readonly diff: string }[];
  readonly written: boolean;
  readonly remarks?: readonly string[];
  /** What the canary found, once it has run. */
  readonly guard?: { readonly proved: boolean; readonly found: string; readonly todo?: string };
}

async function install(project: Project, flags: InitFlags): Promise<Outcome> {
  const { plan, written } = await change(project, flags, "Claude Code is wired here already; nothing changes.");
  if (flags.dryRun === true) return { files: filesOf(plan), written };

  const say = speaker(flags);
  const remarks = [...project.remarks, ...(await gitRemarks(project.root, PROJECT_FILES))];
  for (const remark of remarks) say.aside(remark);
  const proof = await withProgress("trying whether the guard blocks", proveGuard({ ...project, command: project.guard }));
  const paint = say.paint;
  if (proof.proved) {
    say.result(
      `${paint("green", "proved:")} an edit of a file that another agent holds is denied, and one outside of the repository is not.`,
    );
    say.result(
      `Start Claude Code anew in ${project.root}, not in a folder below, where it reads no hooks; let it use the server signalbox when it asks.\n`,
    );
  } else {
    say.result(`${paint("red", "not proved:")} ${proof.found}\n${paint("bold", "→")} ${proof.todo}\n`);
    process.exitCode = EXIT.failed;
  }
  say.result(`Other clients are wired by hand; a guard before edits is for Claude Code alone.\n`);
  say.result(snippetText(project.server, paint, "Claude Code"));
  const found = proof.proved ? proof.reason : proof.found;
  return {
    files: filesOf(plan),
    written,
    remarks,
    guard: { proved: proof.proved, found, ...(proof.proved ? {} : { todo: proof.todo }) },
  };
}

async function remove(project: Project, flags: InitFlags): Promise<Outcome> {
  const { plan, written } = await change(project, flags, "There is nothing of Signalbox in the files of Claude Code here.");
  if (written) speaker(flags).result("Removed. A Claude Code that runs here goes on with what it has read; start it anew.");
  return { files: filesOf(plan), written };
}

/** Shows what changes, asks, and writes. @throws CommandFault when nothing may be written */
async function change(project: Project, flags: InitFlags, nothing: string): Promise<{ plan: readonly Change[]; written: boolean }> {
  const plan = planFor(project);
  const say = speaker(flags);
  for (const one of plan) {
    say.result(`${painted(diffOf(one), say.paint)}\n`);
    const target = await linkedTo(project.root, one.name);
    if (target !== undefined) say.aside(`${one.name} is a link: what changes is ${target}`);
  }
  if (plan.length === 0) {
    say.result(nothing);
    return { plan, written: false };
  }
  if (flags.dryRun === true) return { plan, written: false };
  if (flags.yes !== true) await consent(flags);
  await carryOut(project, plan);
  return { plan, written: true };
}

async function consent(flags: InitFlags): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY || flags.json === true) {
    const sentence = "nothing was written, because there is no terminal to ask on: --yes writes without asking, --dry-run only shows";
    throw new CommandFault("init/no-terminal", sentence);
  }
  if (await askYesNo("Write this?", process.stdin, process.stderr)) return;
  throw new CommandFault("init/declined", "nothing was written");
}

interface Speaker {
  readonly paint: Paint;
  result(text: string): void;
  aside(text: string): void;
}

/** Silent where one document is wanted. */
function speaker({ json }: InitFlags): Speaker {
  const isSilent = json === true;
  return {
    paint: paintFor(process.stdout, process.env),
    result: (text) => void (isSilent || process.stdout.write(`${text}\n`)),
    aside: (text) => void (isSilent || process.stderr.write(`signalbox: ${text}\n`)),
  };
}

function filesOf(plan: readonly Change[]): Outcome["files"] {
  return plan.map((one) => ({ path: one.name, change: kindOf(one), diff: diffOf(one) }));
}

function kindOf({ before, after }: Change): "create" | "update" | "delete" {
  if (before === undefined) return "create";
  return after === undefined ? "delete" : "update";
}

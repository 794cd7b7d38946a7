/**
 * `signalbox demo`: the main job shown on a copy of this very repository, then how a coding client is wired.
 *
 * Nothing of it stays, whatever ends it: bridges, the copy's sidecar and the folder go, on Ctrl-C too.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { findWorkspace, mainPathOf } from "../git/repository.ts";
import { askGit } from "../git/ask-git.ts";
import { locateStore } from "../git/store-folder.ts";
import { copyForDemo, demoFolder, type DemoScratch } from "./demo/scratch.ts";
import { playStory } from "./demo/story.ts";
import { CommandFault } from "./fault.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { ownLaunch } from "./launcher.ts";
import { startMcpHost } from "./mcp-host.ts";
import { workspaceOf } from "./place.ts";
import { withProgress } from "./progress.ts";
import { findRunning } from "./running.ts";
import { snippetText } from "./snippets.ts";
import { stopSidecar } from "./stop-sidecar.ts";
import { type Paint, paintFor } from "./terminal.ts";

export function demoCommand(): Command {
  return new Command("demo")
    .option("--workspace <dir>", "repository to copy; this one by default")
    .action(async ({ workspace }: { workspace?: string }) => {
      const paint = paintFor(process.stdout, process.env);
      using interrupt = listenForInterrupt("interrupted; everything that was started is ended and removed");
      await demonstrate(await originalOf(workspace), paint, interrupt.signal).catch((fault: unknown) => {
        interrupt.signal.throwIfAborted(); // a terminal interrupts the bridges too, and what they say then is no fault
        throw fault;
      });
      write(howToWire(paint));
    });
}

async function demonstrate(original: string | undefined, paint: Paint, signal: AbortSignal): Promise<void> {
  await using folder = await demoFolder();
  const copied = copyForDemo(folder.folder, original, signal);
  const scratch = await withProgress("copying the repository", copied);
  const what = original === undefined ? "a repository made up for this" : `a copy of ${original}, which is not touched`;
  write(`Two agents in ${what}. They work in ${folder.folder}.\n\n`);

  await using _sidecar = endOfSidecar(scratch);
  const host = (name: string, who: "ana" | "bo") =>
    startMcpHost({ name, cwd: scratch.worktrees[who], env: { ...scratch.env, MPAC_PRINCIPAL_ID: who }, signal });
  await using ana = await host("claude-code", "ana");
  await using bo = await host("codex", "bo");
  await playStory({ scratch, ana, bo, write, paint });
}

/** What is to be copied, or undefined where there is no repository with a commit. */
async function originalOf(flag: string | undefined): Promise<string | undefined> {
  const workspace = await workspaceOf(flag).catch((fault: unknown) => {
    if (fault instanceof CommandFault && fault.code === "workspace/outside") return undefined;
    throw fault;
  });
  if (workspace?.kind !== "repository") return undefined;
  const head = await askGit(workspace.commonDir, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).catch(() => "");
  return head.trim() === "" ? undefined : mainPathOf(workspace);
}

/** Milliseconds that a sidecar may take to show itself, when a bridge was interrupted while it started one. */
const SHOWS_MS = 3_000;
const LOOK_MS = 50;

/** Disposing stops the copy's sidecar. No other can be found from there. */
function endOfSidecar({ repository, env }: DemoScratch): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const workspace = await findWorkspace(repository, { env });
      if (workspace.kind === "refused") return;
      const store = await locateStore(workspace, { env });
      const givesUpAtMs = performance.now() + SHOWS_MS;
      for (;;) {
        const running = await findRunning(store, env);
        if (running.kind === "running") return stopSidecar(running.sidecar.health, running.discovery);
        if (performance.now() > givesUpAtMs) return;
        await pause(LOOK_MS);
      }
    },
  };
}

function howToWire(paint: Paint): string {
  const { command, args } = ownLaunch();
  const snippets = snippetText({ command, args: [...args, "mcp"] }, paint);
  return `That was all of it, and all of it is gone again. \`signalbox init\` brings it into your repository for Claude Code, with a guard before edits. For any client, put this into its settings:\n\n${snippets}\nThen \`signalbox doctor\` says whether everything is there, and \`signalbox status\` who is working.\n`;
}

function write(text: string): void {
  process.stdout.write(text);
}

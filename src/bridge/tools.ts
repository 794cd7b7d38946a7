/**
 * The half of the bridge that is loaded with the first call: the tools and everything they stand on.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sentenceOf } from "../client/faults.ts";
import { readRemote } from "../client/remote.ts";
import { busDrain } from "../tools/bus-drain.ts";
import { type Answers, answersOfTools } from "../mcp/face-of-tools.ts";
import type { Pages } from "../mcp/pages.ts";
import { turnedAway } from "../tools/failure.ts";
import { REGISTRY } from "../tools/registry.ts";
import type { ToolResult } from "../tools/tool.ts";
import { aboutWhat } from "./changes.ts";
import { createContexts, type NoContext } from "./contexts.ts";
import { createPages } from "./pages.ts";

export interface BridgeTools extends Answers {
  /** Where a person answers whose host opens addresses. */
  readonly pages: Pages;
  /** Joins the bridge's own session in the background. */
  joinSoon(): void;
  /** Whether the host follows something that the bus of the bridge's own session tells of. */
  followBoard(isWanted: boolean): void;
  /** Leaves every session. */
  leave(): Promise<void>;
}

export interface BridgeToolsOptions {
  /** As the host calls itself. */
  readonly clientName: string | undefined;
  /** Names of the tools that are switched on. */
  readonly tools: readonly string[];
  /** `--workspace`. */
  readonly workspace: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly report: (line: string) => void;
  /** Resources may say something else now: those of which this is true. */
  readonly onChange?: (about: (uri: string) => boolean) => void;
  /** What runs `signalbox`, as arguments of this Node; found beside this program by default. */
  readonly launcher?: readonly string[];
}

export function createBridgeTools(options: BridgeToolsOptions): BridgeTools {
  const { clientName, tools, workspace, env, cwd, report, onChange, launcher = ownLauncher() } = options;
  const registry = REGISTRY.filter(({ name }) => tools.includes(name));
  const reportFault = (cause: unknown, tool: string) => report(`${tool}: ${sentenceOf(cause)}`);
  const named = workspace ?? (env["MPAC_WORKSPACE_DIR"]?.trim() || undefined);
  const read = readRemote(env);
  const unusable = read !== undefined && "refused" in read ? read : undefined;
  const remote = read === undefined || "refused" in read ? undefined : read;
  if (unusable !== undefined) report(unusable.refused.message);
  if (remote?.inTheClear === true) report(`MPAC_COORDINATOR_TOKEN goes to ${remote.uri} in the clear: use a wss:// address`);
  const peer = registry.some(({ profile }) => profile === "peers") ? { drains: tools.includes(busDrain.name) } : undefined;
  const contexts = createContexts({
    clientName,
    launcher,
    env,
    cwd,
    named,
    remote,
    reportFault,
    peer,
    report,
    onChange: onChange && ((heard) => onChange(aboutWhat(heard))),
  });

  let followsBoard = false;

  return {
    ...answersOfTools({
      tools: registry,
      async contextFor({ tool, args }) {
        if (unusable !== undefined) return { refused: noWorkspace(unusable) };
        const given = (args as { readonly repo_path?: unknown } | undefined)?.repo_path;
        const repoPath = typeof given === "string" && given !== "" ? given : undefined;
        const context = await contexts.contextFor(repoPath);
        if ("refused" in context) return { refused: noWorkspace(context, repoPath) };
        if (repoPath === undefined) context.followBoard(followsBoard);
        if (tool !== undefined) context.worked(); // a host may look by itself, with nobody at work
        return context.tools;
      },
    }),
    pages: createPages({
      async place() {
        const context = await contexts.contextFor(undefined);
        return "refused" in context ? undefined : context.pagesPlace();
      },
      nowMs: Date.now,
    }),
    joinSoon() {
      if (unusable !== undefined) return;
      contexts.contextFor(undefined).then(
        (context) => "refused" in context || context.joinSoon(),
        (cause: unknown) => reportFault(cause, "joining"),
      );
    },
    followBoard(isWanted) {
      if (isWanted === followsBoard || unusable !== undefined) return;
      followsBoard = isWanted;
      contexts.contextFor(undefined).then(
        (context) => "refused" in context || context.followBoard(followsBoard),
        (cause: unknown) => reportFault(cause, "following"),
      );
    },
    leave: () => contexts.leave(),
  };
}

function noWorkspace({ refused }: NoContext, repoPath?: string): ToolResult {
  const corrected = "the same call with repo_path corrected, or without it for the repository that this server was started in";
  const code = refused.code.toUpperCase().replaceAll(/[^A-Z]/g, "_");
  return turnedAway(code, refused.message, repoPath === undefined ? "the same call again, when that is done" : corrected);
}

/** Beside the bundle, beside the compiled source, or the source itself, which runs under the options of this Node. */
function ownLauncher(): readonly string[] {
  const built = ["./bin/signalbox.js", "../../bin/signalbox.js"].map(pathTo).find((path) => existsSync(path));
  return built === undefined ? [...process.execArgv, pathTo("../../bin/signalbox.ts")] : [built];
}

function pathTo(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

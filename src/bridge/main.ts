/**
 * The stdio bridge: what a coding client starts for every session, and how its life ends.
 *
 * It answers before anything is loaded. When its host has said its name, or calls a tool, the other half is loaded and the
 * session joined. It ends with its stdin, within a second, whatever is under way.
 */
import { instructionsFor } from "../tools/instructions.ts";
import { select } from "../tools/selection.ts";
import { VERSION } from "../version.ts";
import { createFollowers } from "./followers.ts";
import { serveFace } from "./mcp-face.ts";
import { readOptions } from "./options.ts";
import { renderedPrompts, renderedResources, renderedTools } from "./rendered.ts";
import { report, reserveStdout } from "./standard-streams.ts";
import { isOfBoard, isTold } from "./told.ts";
import type { BridgeTools } from "./tools.ts";

/** Milliseconds from the end of stdin to the end of the process: a GOODBYE takes 800 of them at most. */
const FAREWELL_MS = 950;

/** How often it is looked whether the program that started the bridge still runs, in milliseconds. */
const PARENT_LOOK_MS = 2_000;

/** For a person who would wait for something to be seen. */
const AT_A_TERMINAL = "this speaks MCP with the coding client that starts it (`signalbox init` wires one); Ctrl-D ends it";

/** Exit code for a command line that cannot be used. */
const EXIT_USAGE = 2;

/**
 * Serves until the client goes; then the process ends. Resolves at once.
 *
 * @param args - what follows `signalbox mcp`
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if ("help" in options) {
    process.stdout.write(options.help);
    return;
  }
  const selected = "refused" in options ? options : select(renderedTools, options.selection);
  if ("refused" in options || "refused" in selected) {
    report("refused" in selected ? selected.refused : "the command line cannot be used");
    process.exitCode = EXIT_USAGE;
    return;
  }

  const stdout = reserveStdout();
  if (process.stdin.isTTY) report(AT_A_TERMINAL);
  let clientName: string | undefined;
  let loading: Promise<BridgeTools> | undefined;

  function load(): Promise<BridgeTools> {
    loading ??= import("./tools.ts").then(({ createBridgeTools }) =>
      createBridgeTools({
        clientName,
        tools: tools.map(({ name }) => name),
        workspace,
        env: process.env,
        cwd: folderHere(),
        report,
        onChange: (about) => followers.changed(about),
      }),
    );
    return loading;
  }

  /** The answer that is under way goes first. */
  const joinSoon = () => setImmediate(() => void load().then((loaded) => loaded.joinSoon(), fail));
  const followsBoard = () => followers.isFollowed((uri) => isOfBoard(uri, process.env));
  const followSoon = () => setImmediate(() => void load().then((loaded) => loaded.followBoard(followsBoard()), fail));

  const profiles = new Set(selected.tools.map(({ profile }) => profile));
  const tools = selected.tools.map(({ profile: _profile, ...definition }) => definition);
  const { workspace } = options;
  const end = endWith(async () => (loading === undefined ? undefined : (await loading).leave()));
  const followers = createFollowers((uri) => served.tellUpdated(uri), followSoon);
  const served = serveFace({
    face: {
      version: VERSION,
      instructions: instructionsFor(profiles),
      lists: {
        tools,
        resources: renderedResources.filter(({ profile }) => profiles.has(profile)).map(({ profile: _profile, ...rest }) => rest),
        prompts: renderedPrompts.filter(({ profile }) => profiles.has(profile)).map(({ profile: _profile, ...rest }) => rest),
      },
      onHost(name) {
        if (loading !== undefined) return;
        clientName ??= name;
        joinSoon();
      },
      call: async (...asked) => (await load()).call(...asked),
      read: async (...asked) => (await load()).read(...asked),
      prompt: async (...asked) => (await load()).prompt(...asked),
      complete: async (...asked) => (await load()).complete(...asked),
      knows: async (...asked) => (await load()).knows(...asked),
    },
    pages: {
      open: async (...asked) => (await load()).pages.open(...asked),
      at: async (...asked) => (await load()).pages.at(...asked),
      close: (id) => void load().then(({ pages }) => pages.close(id), fail),
    },
    followers,
    isTold: (uri) => isTold(uri, process.env),
    onFollowed: joinSoon,
    stdout,
    report,
    onClosed: end,
  });
}

/** Undefined once it is gone, as a worktree is that was removed under its client. */
function folderHere(): string | undefined {
  try {
    return process.cwd();
  } catch {
    process.chdir("/"); // from where git can be asked about a repository that is named
    return undefined;
  }
}

/**
 * Ends the process when its client goes or somebody asks it to, after `farewell` or when that takes too long.
 *
 * A client that is killed closes our stdin, unless another process holds it open as well: then its end is seen by our
 * having another parent.
 */
function endWith(farewell: () => Promise<void>): () => void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(), FAREWELL_MS);
    farewell().then(
      () => process.exit(),
      () => process.exit(),
    );
  };
  process.stdin.once("end", end).once("close", end).once("error", end);
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || end(), PARENT_LOOK_MS).unref();
  process.stdout.once("error", end);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  process.once("uncaughtException", fail).once("unhandledRejection", fail);
  return end;
}

/** A fault that nobody caught: the host sees one line and a bridge that is gone. */
function fail(cause: unknown): void {
  report(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
  process.exit(1);
}

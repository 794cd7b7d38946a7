/** A hook run as Claude Code runs it: the command line by `sh`, the question on stdin, the project as working directory. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface HookQuestion {
  /** As it stands in the settings. */
  readonly command: string;
  /** Top of the project. */
  readonly root: string;
  /** The file that is to be written. */
  readonly path: string;
}

export interface HookAnswer {
  /** Exit code, or null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds that the client gives the hook. */
const LIMIT_MS = 5_000;

/** The client's own form of a denial; anything else that a hook says does not stop an edit. */
export function denialIn({ code, stdout }: HookAnswer): string | undefined {
  if (code !== 0) return undefined;
  try {
    const said = JSON.parse(stdout) as { readonly hookSpecificOutput?: Readonly<Record<string, unknown>> };
    const { hookEventName, permissionDecision, permissionDecisionReason } = said.hookSpecificOutput ?? {};
    if (hookEventName !== "PreToolUse" || permissionDecision !== "deny") return undefined;
    return typeof permissionDecisionReason === "string" ? permissionDecisionReason : "";
  } catch {
    return undefined;
  }
}

export async function runHook({ command, root, path }: HookQuestion): Promise<HookAnswer> {
  const child = spawn("/bin/sh", ["-c", command], { cwd: root, env: { ...process.env, CLAUDE_PROJECT_DIR: root }, timeout: LIMIT_MS });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on("error", () => undefined); // it may end without having read everything
  child.stdin.end(
    JSON.stringify({
      session_id: "signalbox-canary",
      cwd: root,
      permission_mode: "default",
      hook_event_name: "PreToolUse",
      tool_name: "Write",
      tool_input: { file_path: path, content: "" },
      tool_use_id: "signalbox-canary",
    }),
  );
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** `get_file_state`: what a file says now, by which reference a change may build on it, and who holds it. */
import * as z from "zod";
import { isUnder } from "../wire/ids.ts";
import type { BehindView, IntentView } from "../wire/query/views.ts";
import { behindLines } from "./behind.ts";
import { failed } from "./failure.ts";
import type { FileState } from "./ports/files.ts";
import { named, quoted } from "./quote.ts";
import { onePath } from "./scope-input.ts";
import { until } from "./times.ts";
import { type Answer, defineTool, type Next, things } from "./tool.ts";

/** Intents over one path that are looked at. */
const MAX_HOLDERS = 20;

interface FileHolder {
  readonly intent_id: string;
  readonly principal_id: string;
  readonly objective: string;
  readonly state: string;
  readonly expires_at: string;
  /** The caller's, or a sub-agent's of its: whoever of them asks is not known. */
  readonly yours: boolean;
}

export const getFileState = defineTool({
  name: "get_file_state",
  title: "Read a file's state",
  description:
    "Reads one file of your worktree with the state_ref that submit_change takes as state_ref_before, and tells who holds it. " +
    "A missing file has a state_ref too. No content for files over 256 KiB or not UTF-8.",
  profile: "core",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: {
    path: onePath().describe("One file in the repository."),
    include_content: z.boolean().default(true),
  },
  output: {
    status: z.enum(["ok", "missing", "error"]),
    path: z.string(),
    state_ref: z.string(),
    size: z.int(),
    content: z.string().optional(),
    missing: z.boolean().optional(),
    holder: z.looseObject({}).nullable(),
    behind: things(),
  },
  async handler({ coordination, files, nowMs }, args) {
    const place = await files.filePath(args.path);
    const state = place.ok
      ? await files.state(place.path, { content: args.include_content })
      : { status: "refused" as const, why: place.why };
    if (state.status === "refused") {
      const next: Next[] = [{ tool: "get_file_state", why: "with a file inside the repository" }];
      return failed({ code: "TARGET_REFUSED", message: state.why, recoverable: true, next }, { path: args.path });
    }

    if (state.status === "missing" && /[*?]/.test(args.path)) {
      const message = `${named(args.path)} names no file: this tool reads one file, and * and ? are letters here`;
      return failed(
        { code: "TARGET_REFUSED", message, recoverable: true, next: [{ tool: "get_file_state", why: "with the path of one file" }] },
        { path: args.path },
      );
    }

    const { principalId } = await coordination.membership();
    const [{ active_intents }, behind] = await Promise.all([
      coordination.summary({ paths: [state.path], limit: MAX_HOLDERS }),
      coordination.behind([state.path]),
    ]);
    const rank = ({ yours, principal_id }: FileHolder): number => (principal_id === principalId ? 0 : yours ? 1 : 2);
    const holders = active_intents.map((intent) => holderOf(intent, principalId)).toSorted((a, b) => rank(a) - rank(b));
    const link = place.ok && place.entry !== place.path ? place.entry : undefined;
    const { isVirtual = false } = files;
    return shown(state, holders, { asked: args.include_content, principalId, nowMs: nowMs(), link, behind, isVirtual });
  },
});

function holderOf({ intent_id, principal_id, objective, state, expires_at }: IntentView, principalId: string): FileHolder {
  return { intent_id, principal_id, objective, state, expires_at, yours: isUnder(principalId, principal_id) };
}

interface Asked {
  readonly asked: boolean;
  readonly principalId: string;
  readonly nowMs: number;
  /** The symbolic link by which the file was asked for. */
  readonly link: string | undefined;
  readonly behind: readonly BehindView[];
  /** Whether it lies on no disk. */
  readonly isVirtual: boolean;
}

const ON_DISK = "read it from the disk";
const ON_NO_DISK =
  "this session keeps its files on no disk, so take it from your own copy of the repository if that one has this state_ref (SHA-256 of its bytes), " +
  "else ask whoever wrote it, by post_message, where it is to be found";

function shown(state: FileState, holders: readonly FileHolder[], asking: Asked): Answer {
  const { asked, principalId, nowMs, link, behind, isVirtual } = asking;
  const [holder = null] = holders;
  const name = named(state.path);
  const content = state.status === "ok" && state.truncated !== true ? state.content : undefined;
  const withheld = state.status === "ok" && asked && content === undefined;
  const what = state.status === "missing" ? "there is no such file; to create it submit with" : `${state.size} bytes,`;
  return {
    structured: {
      status: state.status,
      path: state.path,
      state_ref: state.state_ref,
      size: state.size,
      ...(content === undefined ? {} : { content }),
      ...(state.status === "missing" ? { missing: true } : {}),
      ...(withheld ? { content_withheld: state.binary === true ? "not UTF-8" : "over 256 KiB" } : {}),
      holder,
      holders,
      behind,
    },
    lines: [
      `${state.status}: ${name}: ${what} state_ref ${state.state_ref}.`,
      ...(link === undefined ? [] : [`${named(link)} is a symbolic link to it.`]),
      ...(withheld
        ? [`No content: the file is ${state.binary === true ? "not UTF-8 text" : "over 256 KiB"}; ${isVirtual ? ON_NO_DISK : ON_DISK}.`]
        : []),
      ...(holders.length === 0 ? ["Nobody holds it."] : holders.slice(0, 3).map((one) => holderLine(one, principalId, nowMs))),
      ...behindLines(behind, nowMs),
    ],
    next: nextFor(state, holder),
    ...(content === undefined ? {} : { attachment: `Content of ${name} follows.\n${content}` }),
  };
}

function holderLine(holder: FileHolder, principalId: string, nowMs: number): string {
  const what = `${until(holder.expires_at, nowMs)}: ${quoted(holder.objective)} (${named(holder.intent_id)})`;
  if (holder.principal_id === principalId) return `You hold it ${what}.`;
  return `${named(holder.principal_id)}${holder.yours ? " (your sub-agent)" : ""} holds it ${what}.`;
}

function nextFor({ path, state_ref }: FileState, holder: FileHolder | null): Next[] {
  if (holder === null) return [{ tool: "begin_task", arguments: { objective: "…", files: [path] }, why: "before you edit it" }];
  if (!holder.yours)
    return [
      { tool: "begin_task", why: "with other files" },
      { tool: "check_overlap", arguments: { files: [path] }, why: "later" },
    ];
  const args = { intent_id: holder.intent_id, target: path, state_ref_before: state_ref, content: "…" };
  return [{ tool: "submit_change", arguments: args, why: "with the whole new text" }];
}

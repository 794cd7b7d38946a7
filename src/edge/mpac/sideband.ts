/**
 * The questions of MPAC clients about files and the session, answered from the virtual tree: the main worktree's files as
 * base, what clients without a worktree have committed on top. Nothing of it is written to a disk.
 */
import type { Engine } from "../../engine/engine.ts";
import { virtualFile } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Reference } from "../../core/session/state/operations.ts";
import type { Hash } from "../../wire/ids.ts";
import type { FileList, FileRead, ListedFile, SessionSummaryRequest, SidebandAnswer } from "../../wire/mpac/sideband.ts";
import { shortRef } from "../../wire/references.ts";
import type { WorkspaceFiles } from "./commands.ts";
import type { SessionStream } from "./room.ts";
import { viewSummary, type ViewContext } from "./views.ts";

/** Largest answer, in characters: clients of the original take no frame over 1 MiB. */
const MAX_ANSWER_CHARS = 1_000_000;

interface SidebandContext {
  readonly host: SessionStream["host"];
  readonly files: WorkspaceFiles;
  readonly engine: Pick<Engine, "getBlob">;
  viewContext(state: Readonly<SessionState>): ViewContext;
}

export async function answerSideband(ask: FileList | FileRead | SessionSummaryRequest, context: SidebandContext): Promise<SidebandAnswer> {
  switch (ask.type) {
    case "SESSION_SUMMARY": {
      const summary = await context.host.query((state) => viewSummary(context.viewContext(state), { kind: "summary", limit: 1000 }));
      const { kind: _kind, ...session } = summary;
      return { type: "SESSION_SUMMARY_RESPONSE", session };
    }
    case "FILE_LIST":
      return listFiles(context);
    case "FILE_READ":
      return readFile(ask.path, context);
  }
}

/** What clients wrote on the virtual tree, by path as the core compares it. */
function overlayOf(context: SidebandContext): Promise<ReadonlyMap<string, Reference>> {
  return context.host.query((state) => new Map(state.virtualTree));
}

async function listFiles(context: SidebandContext): Promise<SidebandAnswer> {
  const overlay = await overlayOf(context);
  const { files, truncated } = await context.files.list();
  const listed = new Map<string, ListedFile>(files.map((file) => [file.path, file]));
  for (const [path, reference] of overlay) {
    if (reference.stateRef === null) listed.delete(path);
    // A commit that brought no content has nothing to show; the file is what the disk says.
    else if (reference.blob !== undefined)
      listed.set(path, { path, state_ref: shortRef(reference.stateRef), size: await sizeOf(reference, context) });
  }
  let chars = 0;
  const fitting = [...listed.values()].filter((file) => (chars += file.path.length * 2 + 80) < MAX_ANSWER_CHARS);
  const cut = truncated || fitting.length < listed.size;
  return { type: "FILE_LIST_RESPONSE", files: fitting, ...(cut ? { truncated: true as const } : {}) };
}

async function sizeOf(reference: Reference, context: SidebandContext): Promise<number> {
  const bytes = reference.blob === undefined ? undefined : await context.engine.getBlob(reference.blob as Hash);
  return bytes === undefined ? 0 : Buffer.from(bytes).toString("utf8").length;
}

async function readFile(path: string, context: SidebandContext): Promise<SidebandAnswer> {
  const failed = (error: string): SidebandAnswer => ({ type: "FILE_ERROR", path, error });
  const place = await context.host.query((state) => virtualFile(state, path));
  if ("refused" in place) return failed(place.refused);
  const { written } = place;
  if (written !== undefined && written.stateRef === null) return failed("File not found");
  const bytes = written?.blob === undefined ? undefined : await context.engine.getBlob(written.blob as Hash);
  if (written !== undefined && written.stateRef !== null && bytes !== undefined) {
    return { type: "FILE_CONTENT", path, content: Buffer.from(bytes).toString("utf8"), state_ref: shortRef(written.stateRef) };
  }
  const read = await context.files.read(place.path);
  if ("refused" in read) return failed(read.refused);
  if (read.content.length > MAX_ANSWER_CHARS) return failed(`the file is too large for one frame (${read.content.length} characters)`);
  return { type: "FILE_CONTENT", path, content: read.content, state_ref: shortRef(read.stateRef) };
}

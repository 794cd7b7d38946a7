/** The files of a worktree as the tools see them. */
import { isAbsolute, relative, resolve, sep } from "node:path";
import { committedNames } from "../git/committed-names.ts";
import { readFileState } from "../git/file-state.ts";
import type { Prepared } from "../git/prepared-change.ts";
import { prepareReplacement } from "../git/replace-file.ts";
import { isInside, realName, resolveInside, showInside } from "../git/safe-path.ts";
import { linkedPaths } from "../git/scope-path.ts";
import { isGitName, quotePath } from "../git/written-path.ts";
import type { Files, PathsAnswer, PreparedReplacement } from "../tools/ports/files.ts";
import { IntentId, OpId } from "../wire/ids.ts";
import { createTurns } from "../tools/turns.ts";

/** Bytes of content in one result; a longer file is shown from its beginning. */
const MAX_CONTENT_BYTES = 256 * 1024;

export interface FilesOptions {
  /** Real path of the worktree or plain folder; undefined where there are no files, as in a bare repository. */
  readonly root: string | undefined;
  /** Other spellings of the root that a caller may use in absolute paths. */
  readonly spelled: readonly string[];
  /** Where changes that wait are noted: the worktree's own git directory, or the store's folder. */
  readonly notesIn: string;
  /** Awaited before the first change: what an earlier bridge left comes first. */
  readonly settled: () => Promise<void>;
  readonly nowMs: () => number;
}

export function createFiles({ root, spelled, notesIn, settled, nowMs }: FilesOptions): Files {
  const waiting = new Set<string>();
  const treeless = "this is a repository without a worktree: name one with repo_path, or start in one";

  function watched(opId: string, prepared: Prepared): PreparedReplacement {
    waiting.add(opId);
    return {
      stateRefAfter: prepared.stateRefAfter,
      async apply(expectedRef) {
        const placed = await prepared.apply(expectedRef);
        if (placed.outcome !== "applied") return placed;
        waiting.delete(opId);
        return { outcome: "applied" };
      },
      async abandon() {
        await prepared.abandon();
        waiting.delete(opId);
      },
      async withdrawn() {
        await prepared.withdrawn();
        waiting.delete(opId);
      },
    };
  }

  return {
    async scopePaths(text) {
      return root === undefined ? { ok: false, why: treeless } : scopeInside(root, spelled, text);
    },
    async filePath(text) {
      if (root === undefined) return { ok: false, why: treeless };
      const place = await resolveInside(root, text);
      if (!place.ok) return place;
      return { ok: true, path: showInside(place.root, place.absolute), entry: showInside(place.root, place.entry) };
    },
    alone: createTurns(),
    async state(path, { content }) {
      if (root === undefined) return { status: "refused", why: treeless };
      const state = await readFileState(root, path, { content, maxBytes: MAX_CONTENT_BYTES });
      if (state.status !== "ok") return state;
      const { truncated, ...rest } = state;
      return truncated === undefined ? rest : { ...rest, truncated: true };
    },
    async prepare({ path, content, opId, intentId, stateRefBefore }) {
      if (root === undefined) return { refused: treeless };
      await settled();
      const journal = { gitDir: notesIn, intentId: IntentId.parse(intentId), stateRefBefore, createdAtMs: nowMs() };
      const answer = await prepareReplacement({ root, path, content, opId: OpId.parse(opId), journal });
      return answer.ok ? watched(opId, answer.prepared) : { refused: answer.why };
    },
    isWaiting: (opId) => waiting.has(opId),
    list: async (begun) => (root === undefined ? [] : committedNames(root, begun)),
  };
}

const RELATIVE = "write it relative to the repository, such as src/app.ts";

/**
 * A path of a scope, relative to the worktree: an absolute one may name any spelling of the root, because the session
 * knows only the main worktree's. Everything else about its text is for the session to judge.
 */
async function scopeInside(root: string, spelled: readonly string[], text: string): Promise<PathsAnswer> {
  const written = sep === "\\" ? text : text.replaceAll("\\", "/");
  if (/^~[^/]*(\/|$)/.test(written))
    return { ok: false, why: `the path ${quotePath(text)} begins with ~, which stands for nothing here: ${RELATIVE}` };
  if (written.split(/[\\/]/).some(isGitName))
    return { ok: false, why: `the path ${quotePath(text)} leads into git's own directory, which git alone changes: ${RELATIVE}` };
  if (!isAbsolute(written)) return { ok: true, paths: linkedPaths(root, written.split(sep).join("/")) };
  for (const spelling of [root, ...spelled]) {
    const way = relative(spelling, resolve(written));
    if (way === "") return { ok: true, paths: ["."] };
    if (isInside(spelling, resolve(written))) return { ok: true, paths: linkedPaths(root, way.split(sep).join("/")) };
  }
  const alias = await realName(written);
  if (alias !== undefined && alias !== root && isInside(root, alias))
    return { ok: true, paths: linkedPaths(root, showInside(root, alias)) };
  return {
    ok: false,
    why: `the path ${quotePath(text)} lies outside ${root}: ${RELATIVE}`,
  };
}

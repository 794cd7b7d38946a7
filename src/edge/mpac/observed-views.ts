/**
 * What is seen in the worktrees, joined to what the session has folded: edits that nobody announced, what one tree has and
 * another lacks, and whether somebody's work goes on. Seen, never recorded.
 */
import {
  isVirtual,
  lastWrittenMs,
  MAX_COMPARED,
  liveIntentsOf,
  pathsWithin,
  undeclaredIn,
  workersIn,
  writtenElsewhere,
} from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Operation } from "../../core/session/state/operations.ts";
import type { Participant } from "../../core/session/state/participants.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { WorkAnswer } from "../../wire/query.ts";
import type { BehindView, ObservedView, ParticipantView, UncomparedView } from "../../wire/query/views.ts";
import { EMPTY_REF, refsEqual } from "../../wire/references.ts";
import { rfc3339 } from "./coordinator-voice.ts";

/** Paths that are named of one worktree. */
const NAMED_PATHS = 20;

/** Changed files that are named with each participant. */
const NAMED_DIRTY = 10;

/** Files that a question about what is behind looks at on the disk, and names. */
const MAX_BEHIND = 20;

/** References that are remembered as having stood in a tree. */
const REMEMBERED = 10_000;

/** One worktree as it was last looked at. */
export interface ObservedTree {
  /** As its participants name it in their HELLO. */
  readonly id: string;
  readonly path: string;
  readonly branch?: string;
  /** Files that differ from its commit, repository-relative; the first, where there are too many to keep. */
  readonly changed: readonly string[];
  readonly total: number;
  /** When git was asked, and when a file was last seen to change. */
  readonly atMs: number;
  readonly lastEditAtMs?: number;
}

/** The watched worktrees of the session's repository; the composition root connects it to git. */
export interface Observations {
  tree(id: string): ObservedTree | undefined;
  trees(): Iterable<ObservedTree>;
  /** Resolves when the worktree was looked at anew. */
  refresh(treeId: string): Promise<void>;
  /** Whether the file's content changed after that instant, by its own time; also when nobody can tell. */
  isEditedSince(treeId: string, path: string, atMs: number): boolean;
  /** The reference of a file of a worktree, read now; null when there is none, undefined when nobody can tell. */
  reference(treeId: string, path: string): Promise<string | null | undefined>;
}

export const NOTHING_OBSERVED: Observations = {
  tree: () => undefined,
  trees: () => [],
  refresh: () => Promise.resolve(),
  isEditedSince: () => true,
  reference: () => Promise.resolve(undefined),
};

function few(paths: readonly string[]): { readonly paths: string[]; readonly path_count?: number } {
  return { paths: paths.slice(0, NAMED_PATHS), ...(paths.length > NAMED_PATHS ? { path_count: paths.length } : {}) };
}

/** What a participant's worktree shows, for the view of the participant. */
export function dirtyOf(
  observations: Observations,
  { worktree }: Participant,
): Pick<ParticipantView, "dirty_files" | "dirty_count" | "observed_at"> {
  const tree = worktree === undefined ? undefined : observations.tree(worktree.id);
  if (tree === undefined) return {};
  return { dirty_files: tree.changed.slice(0, NAMED_DIRTY), dirty_count: tree.total, observed_at: rfc3339(tree.atMs) };
}

/** The worktree of whoever asks: the one that it joined with, else the one that is known of it otherwise. */
export function treeOfAsker(state: Readonly<SessionState>, asker: PrincipalId | undefined, known?: string): string | undefined {
  return (asker === undefined ? undefined : state.participants.get(asker)?.worktree?.id) ?? known;
}

/** Undeclared edits, by worktree; only those over `within`, where that is given. */
export function viewUndeclared(
  state: Readonly<SessionState>,
  observations: Observations,
  asker: PrincipalId | undefined,
  within?: readonly string[],
  knownTree?: string,
): ObservedView[] {
  const ownTree = treeOfAsker(state, asker, knownTree);
  return [...observations.trees()].flatMap((tree) => {
    const changed = within === undefined ? tree.changed : pathsWithin(state, tree.changed, within);
    // What a task submitted and its owner has not committed yet was declared when it was written.
    const isSubmitted = (path: string): boolean => {
      const writtenMs = lastWrittenMs(state, tree.id, path);
      return writtenMs !== undefined && !observations.isEditedSince(tree.id, path, writtenMs);
    };
    const paths = undeclaredIn(state, tree.id, changed).filter((path) => !isSubmitted(path));
    if (paths.length === 0) return [];
    const branch = tree.branch === undefined ? {} : { branch: tree.branch };
    const principals = workersIn(state, tree.id);
    return [{ worktree: tree.path, ...branch, principals, ...few(paths), observed_at: rfc3339(tree.atMs), yours: tree.id === ownTree }];
  });
}

/** Worktrees of others with more changed files than were compared. */
export function viewUncompared(observations: Observations, own: string | undefined): UncomparedView[] {
  return [...observations.trees()].flatMap(({ id, path, changed, total }) =>
    id === own || total <= Math.min(changed.length, MAX_COMPARED) ? [] : [{ worktree: path, changed_count: total }],
  );
}

/**
 * Undeclared edits that may be another's, over paths that the asker is about to change. What is changed in its own worktree
 * is its own, unless somebody else works there too.
 */
export function viewObservedOver(
  state: Readonly<SessionState>,
  observations: Observations,
  asker: PrincipalId | undefined,
  paths: readonly string[],
  knownTree?: string,
): ObservedView[] {
  return viewUndeclared(state, observations, asker, paths, knownTree).filter(
    ({ yours, principals }) => !yours || principals.some((id) => id !== asker),
  );
}

/** What other trees may have that the asker's lacks; its disk decides, in `createBehind`. */
export interface Candidates {
  readonly tree: string;
  readonly operations: readonly Operation[];
  /** Where each tree stands, by id. */
  readonly places: ReadonlyMap<string, string>;
}

export function behindCandidates(
  state: Readonly<SessionState>,
  observations: Observations,
  asker: PrincipalId | undefined,
  paths: readonly string[],
  knownTree?: string,
): Candidates | undefined {
  const tree = treeOfAsker(state, asker, knownTree);
  if (tree === undefined || observations.tree(tree) === undefined) return undefined;
  const places = new Map([...observations.trees()].map(({ id, path }) => [id, path] as const));
  // What a worktree had goes with the worktree.
  const operations = writtenElsewhere(state, paths, tree).filter((operation) => places.has(operation.tree) || isVirtual(operation.tree));
  return operations.length === 0 ? undefined : { tree, operations, places };
}

export type Behind = (candidates: Candidates | undefined) => Promise<BehindView[]>;

/** A content that once stood in a tree was taken up there, whatever was made of it since: that is remembered. */
export function createBehind(observations: Observations): Behind {
  const stood = new Set<string>();

  async function lacks(tree: string, { target, stateRefAfter }: Operation): Promise<boolean> {
    const place = `${tree} ${stateRefAfter} ${target}`;
    if (stateRefAfter === null || stood.has(place)) return false;
    const now = await observations.reference(tree, target);
    if (now === undefined) return false;
    if (!refsEqual(now ?? EMPTY_REF, stateRefAfter)) return true;
    if (stood.size >= REMEMBERED) stood.clear();
    stood.add(place);
    return false;
  }

  return async (candidates) => {
    if (candidates === undefined) return [];
    const { tree, operations, places } = candidates;
    const looked = operations.slice(0, MAX_BEHIND);
    const lacking = await Promise.all(looked.map((operation) => lacks(tree, operation)));
    return looked.filter((_operation, index) => lacking[index]).map((operation) => viewBehind(operation, places));
  };
}

function viewBehind(operation: Operation, places: ReadonlyMap<string, string>): BehindView {
  const { target, principal, branch, committedAtMs, stateRefAfter } = operation;
  const worktree = places.get(operation.tree);
  return {
    path: target,
    by: principal,
    at: rfc3339(committedAtMs),
    ...(branch === undefined ? {} : { branch }),
    ...(worktree === undefined ? {} : { worktree }),
    state_ref: stateRefAfter,
  };
}

export interface WorkSigns {
  /** When the client of a principal last showed that somebody works. */
  lastWorkMs(principal: string): number | undefined;
  /** Milliseconds after an instant in which the machine slept: a night is no time without work. */
  sleptSince(ms: number): number;
}

export function viewWork(
  state: Readonly<SessionState>,
  observations: Observations,
  asker: PrincipalId | undefined,
  works: WorkSigns,
): WorkAnswer {
  const participant = asker === undefined ? undefined : state.participants.get(asker);
  const tree = participant?.worktree === undefined ? undefined : observations.tree(participant.worktree.id);
  const signs = [tree?.lastEditAtMs, ...(asker === undefined ? [] : [asker, mainOf(asker)].map((id) => works.lastWorkMs(id)))];
  const last = Math.max(...signs.map((sign) => sign ?? 0));
  const held = asker === undefined ? [] : liveIntentsOf(state, asker).flatMap((intent) => intent.resources.map(({ path }) => path));
  const uncommitted = tree === undefined ? [] : pathsWithin(state, tree.changed, held);
  // What is held may be among the changed files that are not kept by name: then nobody gives it up.
  const isUnsure = uncommitted.length === 0 && held.length > 0 && tree !== undefined && tree.changed.length < tree.total;
  return {
    kind: "work",
    last_sign_at: last === 0 ? null : rfc3339(last + works.sleptSince(last)),
    uncommitted: uncommitted.slice(0, NAMED_PATHS),
    uncommitted_count: isUnsure ? 1 : uncommitted.length,
  };
}

/** A sub-agent is named after the principal of its client. */
function mainOf(principal: string): string {
  const cut = principal.lastIndexOf("/");
  return cut > 0 ? principal.slice(0, cut) : principal;
}

/**
 * Whose work a scope meets, and what comes of it: a refusal (the race lock, SPEC 15.3.2) or conflicts.
 *
 * Only active intents of others lock. A suspended holder does not: its owner is away, and meeting it makes a conflict.
 */
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Bond, Footprint } from "../scope/footprint.ts";
import type { Resource } from "../scope/resource.ts";
import { refuse } from "../verdict.ts";
import { footprintIn, footprintOfFiles } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Intent } from "./state/intents.ts";
import type { SessionMoment } from "./verdict.ts";

/** Holders named in a refusal; there may be more, and `total` says so. */
const NAMED_HOLDERS = 20;

/** Paths named for each holder in a refusal, and their characters: a refusal of twenty holders fits into a frame. */
const NAMED_PATHS = 100;
const NAMED_CHARACTERS = 5_000;
const NAMED_OBJECTIVE = 500;

/** Asked paths that are named as free in a refusal, and their characters. */
const FREE_PATHS = 500;
const FREE_CHARACTERS = 20_000;

/** Paths in the sentence of a refusal. */
const QUOTED_PATHS = 20;
const QUOTED_CHARACTERS = 500;

/** Paths written out in the description of a conflict: every party and the log get a copy. */
const DESCRIBED_PATHS = 3;
const DESCRIBED_CHARACTERS = 80;

/** Conflicts that one message may open: each is recorded and told to both parties. */
const MAX_CONFLICTS = 100;

/** Warnings of what is only possible that it may open beside them, the first by intent id. */
const MAX_WARNINGS = 20;

export interface Meeting {
  readonly intent: Intent;
  /** What they share: a resource, only a name, or nobody can tell. */
  readonly by: Bond;
  /** The paths of the asking scope that meet it, or its other words; none where nobody can read either. */
  readonly paths: readonly string[];
}

/**
 * Live intents that a scope of any kind meets, by intent id. Those of `asker` itself are among them only where that is
 * sure: it replaces what it meets of its own, and nobody's work ends for a guess.
 */
export function scopeMeetings(state: Readonly<SessionState>, scope: Scope, asker: PrincipalId): readonly Meeting[] {
  const met = allMeetings(state, footprintIn(scope, state.settings));
  if (met.length === 0) return met;
  return met.filter((meeting) => isSure(meeting) || meeting.intent.principal !== asker);
}

const NOBODY: readonly Meeting[] = [];

function allMeetings(state: Readonly<SessionState>, asked: Footprint): readonly Meeting[] {
  const hits = state.index.meeting(asked);
  if (hits.size === 0) return NOBODY;
  return [...hits].flatMap(([id, { by, words }]) => {
    const intent = state.intents.get(id as IntentId);
    return intent === undefined ? [] : [{ intent, by, paths: words }];
  });
}

/** Whether the race lock is about it (SPEC 15.3.2): the holder is at work, on the same files or another resource of one URI. */
export function isLocking({ intent, by }: Meeting): boolean {
  return intent.state === "ACTIVE" && by === "resource";
}

/** Live intents that hold any of these files, by path or by the registry, by intent id, without those of `except`. */
export function meetings(state: Readonly<SessionState>, resources: readonly Resource[]): Meeting[] {
  return allMeetings(state, footprintOfFiles(resources, state.settings)).filter(({ by }) => by === "resource");
}

/** At most `length` characters of it. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** The first of them, as many as there is room for; always one. */
function fitting(paths: readonly string[], most = NAMED_PATHS, characters = NAMED_CHARACTERS): string[] {
  let room = characters;
  return paths.slice(0, most).filter((path) => (room -= path.length) >= 0);
}

/** How many there are, when not all are shown. */
function counted(name: string, shown: readonly string[], all: readonly unknown[]): JsonObject {
  return shown.length === all.length ? {} : { [name]: all.length };
}

function quoted(paths: readonly string[]): string {
  const shown = paths.slice(0, QUOTED_PATHS).map((path) => `'${shortened(path, QUOTED_CHARACTERS)}'`);
  const more = paths.length - QUOTED_PATHS;
  return `[${shown.join(", ")}]${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * The wording of the original, which clients read with a pattern, and the facts beside it. What is free of `asked` is said
 * here, because a list of what is held may be cut, and because only the session knows which spellings are one file.
 */
export function heldRefusal(
  state: Readonly<SessionState>,
  locking: readonly [Meeting, ...Meeting[]],
  asked: readonly Resource[],
): { readonly rejected: Rejection } {
  const [first] = locking;
  const message =
    `Files ${quoted(first.paths)} are already being modified by intent ${first.intent.id} (principal ${first.intent.principal}). ` +
    "Call defer_intent and tell the user to wait, or retry once the other intent has withdrawn.";
  const overlaps = locking.slice(0, NAMED_HOLDERS).map((meeting) => holderDetails(state, meeting));
  const held = new Set(locking.flatMap(({ paths }) => paths));
  const unmet = asked.map(({ path }) => path).filter((path) => !held.has(path));
  const free = fitting(unmet, FREE_PATHS, FREE_CHARACTERS);
  return refuse("intent/held", message, { overlaps, total: locking.length, free, ...counted("free_count", free, unmet) });
}

function holderDetails(state: Readonly<SessionState>, { intent, paths }: Meeting): JsonObject {
  const worktree = state.participants.get(intent.principal)?.worktree;
  const resources = fitting(intent.resources.map((resource) => resource.path));
  const met = fitting(paths);
  return {
    intent_id: intent.id,
    principal_id: intent.principal,
    objective: shortened(intent.objective, NAMED_OBJECTIVE),
    state: intent.state,
    resources,
    ...counted("resource_count", resources, intent.resources),
    paths: met,
    ...counted("path_count", met, paths),
    announced_at_ms: intent.announcedAtMs,
    expires_at_ms: intent.expiresAtMs,
    ...(intent.renews ? { renews: true } : {}),
    ...(worktree === undefined ? {} : { worktree: worktree.path }),
    ...(worktree?.branch === undefined ? {} : { branch: worktree.branch }),
  };
}

function described(paths: readonly string[]): string {
  const more = paths.length - DESCRIBED_PATHS;
  const shown = paths.slice(0, DESCRIBED_PATHS).map((path) => shortened(path, DESCRIBED_CHARACTERS));
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const isSure = ({ by }: Meeting): boolean => by !== "possible";

/**
 * Those that do not stand in a conflict with the newcomer yet; a warning about what it breaks elsewhere is none about this,
 * and one about what is only possible is none about what is sure.
 */
function unopened(state: Readonly<SessionState>, newcomer: IntentId, met: readonly Meeting[]): Meeting[] {
  const standing = state.intents.get(newcomer)?.conflicts ?? new Set();
  const conflicts = [...standing]
    .flatMap((id) => state.conflicts.get(id) ?? [])
    .filter(({ category }) => category !== "dependency_breakage");
  const told = new Set(conflicts.flatMap(({ intents }) => intents));
  const sure = new Set(conflicts.filter(({ basis }) => basis === undefined).flatMap(({ intents }) => intents));
  return met.filter((meeting) => !(isSure(meeting) ? sure : told).has(meeting.intent.id));
}

/** Why the scope is refused, when going on with it would open more conflicts than anybody reads. */
export function tooManyConflicts(
  state: Readonly<SessionState>,
  newcomer: IntentId,
  met: readonly Meeting[],
): { readonly rejected: Rejection } | undefined {
  if (met.length === 0) return undefined;
  const { length } = unopened(state, newcomer, met.filter(isSure));
  if (length <= MAX_CONFLICTS) return undefined;
  return refuse("scope/refused", `the scope would open ${length} conflicts, at most ${MAX_CONFLICTS} are opened at once; name fewer files`);
}

/** One conflict for each meeting that does not stand in one already, and the first warnings of what is only possible. */
export function conflictsWith(
  state: Readonly<SessionState>,
  newcomer: { readonly id: IntentId; readonly principal: PrincipalId },
  met: readonly Meeting[],
  at: SessionMoment,
): SessionEventOf<"ConflictOpened">[] {
  if (met.length === 0) return [];
  const open = unopened(state, newcomer.id, met);
  const sure = open.filter(isSure);
  const unsure = open.filter((meeting) => !isSure(meeting)).slice(0, MAX_WARNINGS);
  return [...sure, ...unsure].map((meeting) => ({
    type: "ConflictOpened",
    conflictId: at.newId("conflict") as SessionEventOf<"ConflictOpened">["conflictId"],
    category: "scope_overlap",
    ...(isSure(meeting) ? { severity: "medium" } : { severity: "low", basis: "heuristic" as const }),
    description: `${newcomer.principal} and ${meeting.intent.principal} ${sharing(meeting)}`,
    intents: [newcomer.id, meeting.intent.id],
    operations: [],
    principals: [newcomer.principal, meeting.intent.principal],
  }));
}

/** What two principals are said to do. */
function sharing({ by, paths, intent }: Meeting): string {
  const kind = `of the kind ${shortened(intent.scope.kind, DESCRIBED_CHARACTERS)}`;
  if (by === "resource") return `both mean to change ${described(paths)}`;
  if (by === "name") return paths.length > 0 ? `both work on ${described(paths)}` : `announced the same scope ${kind}`;
  return paths.length > 0
    ? `may mean to change the same, by what they call it: ${described(paths)}`
    : `announced scopes ${kind}, and nobody can tell whether they meet; canonical_uris would tell`;
}

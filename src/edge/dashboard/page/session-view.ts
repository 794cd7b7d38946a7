/** Who works on what, who is in whose way, and what else the session says. */
import type { SummaryAnswer } from "../../../wire/query.ts";
import type { ClaimView, ConflictView, IntentView, ObservedView, ParticipantView, WaitingView } from "../../../wire/query/views.ts";
import { badge, type Child, clock, element, prose, quoted, row, show } from "./dom.ts";
import { counted, folderName, visible } from "./text.ts";

/** Files that are named at once. */
const FEW = 4;

const FOLD = { characters: 200, lines: 4 };

interface Working {
  /** Missing with the second task of a participant and those that follow. */
  readonly who: ParticipantView | undefined;
  readonly principal: string;
  readonly intent: IntentView | undefined;
}

export function showSession(summary: SummaryAnswer): void {
  show("conflicts", summary.open_conflicts, conflictRow);
  show("working", workingIn(summary), workingRow);
  show("waiting", summary.waiting ?? [], waitingRow);
  show("claims", summary.claims ?? [], claimRow);
  show("undeclared", summary.undeclared ?? [], undeclaredRow);
}

/** A line for each task, and one for whoever has none; those with tasks first. */
export function workingIn({ participants, active_intents: intents }: Pick<SummaryAnswer, "participants" | "active_intents">): Working[] {
  const byOwner = new Map<string, IntentView[]>();
  for (const intent of intents) byOwner.set(intent.principal_id, [...(byOwner.get(intent.principal_id) ?? []), intent]);
  const lines = participants.map((who) =>
    (byOwner.get(who.principal_id) ?? [undefined]).map((intent, index) => ({
      who: index === 0 ? who : undefined,
      principal: who.principal_id,
      intent,
    })),
  );
  const known = new Set(participants.map(({ principal_id }) => principal_id));
  const others = intents.filter(({ principal_id }) => !known.has(principal_id));
  return [
    ...lines.filter(([first]) => first?.intent !== undefined).flat(),
    ...others.map((intent) => ({ who: undefined, principal: intent.principal_id, intent })),
    ...lines.filter(([first]) => first?.intent === undefined).flat(),
  ];
}

function workingRow({ who, principal, intent }: Working, table: HTMLElement): Node {
  if (intent === undefined) return row(table, [whoCell(who, principal), [element("span", { class: "dim" }, "no task announced")], [], []]);
  const task = [
    prose(intent.objective, `objective ${intent.intent_id}`, FOLD),
    element("div", { class: "dim id" }, quoted(intent.intent_id)),
  ];
  const state = intent.state === "ACTIVE" ? undefined : badge(intent.state.toLowerCase(), "amber");
  const claimed = intent.claimed_by === null ? undefined : element("div", { class: "dim" }, "claimed by ", quoted(intent.claimed_by));
  const renews = intent.renews === true ? element("div", { class: "dim" }, "renews while there is work") : undefined;
  return row(table, [
    whoCell(who, principal),
    [...task, state, claimed],
    filesCell(intent.scope.resources ?? [], intent.scope.resource_count, `files ${intent.intent_id}`, intent.scope.kind),
    [clock(intent.expires_at, "left"), renews],
  ]);
}

function whoCell(who: ParticipantView | undefined, principal: string): Child[] {
  if (who === undefined) return [element("div", { class: "dim" }, quoted(principal))];
  const { is_available: isHere, status, branch, worktree, dirty_count: dirty, last_seen } = who;
  const place = [
    ...(branch === undefined ? [] : [quoted(branch)]),
    ...(worktree === undefined
      ? []
      : [branch === undefined ? "" : " in ", element("span", { title: visible(worktree) }, quoted(folderName(worktree)))]),
  ];
  return [
    element("div", { class: `who ${isHere ? "here" : "away"}` }, quoted(who.principal_id)),
    who.display_name === "" || who.display_name === who.principal_id
      ? undefined
      : element("div", { class: "dim" }, quoted(who.display_name)),
    place.length === 0 ? undefined : element("div", { class: "dim" }, ...place),
    element(
      "div",
      { class: "dim" },
      isHere ? quoted(status) : "away",
      ", heard ",
      clock(last_seen, "ago"),
      ...(dirty === undefined || dirty === 0 ? [] : [`, ${counted(dirty, "changed file")}`]),
    ),
  ];
}

function filesCell(resources: readonly string[], total: number = resources.length, key: string, kind = "files"): Child[] {
  if (resources.length === 0) return [element("span", { class: "dim" }, quoted(kind))];
  const list = (paths: readonly string[]) =>
    element("ul", { class: "files" }, ...paths.map((path) => element("li", { title: visible(path) }, element("code", {}, quoted(path)))));
  if (total <= FEW + 1 && resources.length === total) return [list(resources)];
  const unnamed = total - resources.length;
  return [
    list(resources.slice(0, FEW)),
    element(
      "details",
      { "data-key": key },
      element("summary", {}, `${counted(total - FEW, "more file")}`),
      list(resources.slice(FEW)),
      unnamed > 0 ? element("p", { class: "dim" }, `and ${unnamed} that are not named here`) : undefined,
    ),
  ];
}

const LOUD: ReadonlySet<string> = new Set(["high", "critical"]);

function conflictRow(conflict: ConflictView, table: HTMLElement): Node {
  const { principal_a: a, principal_b: b, severity, state, category, description, escalated_to: to, frozen_phase: phase } = conflict;
  return row(table, [
    [element("div", {}, quoted(a ?? "somebody")), element("div", {}, quoted(b ?? "somebody"))],
    [prose(description, `conflict ${conflict.conflict_id}`, FOLD), element("div", { class: "dim" }, quoted(category.replaceAll("_", " ")))],
    [
      badge(severity, LOUD.has(severity) ? "red" : "amber"),
      " ",
      element("span", {}, quoted(state.toLowerCase())),
      to === undefined ? undefined : element("div", { class: "dim" }, "for ", quoted(to), " to decide"),
      phase === undefined ? undefined : element("div", { class: "dim" }, `frozen, phase ${phase}`),
    ],
  ]);
}

function waitingRow({ principal_id, objective, resources, resource_count, since }: WaitingView, table: HTMLElement): Node {
  const files = filesCell(resources, resource_count, `waiting ${principal_id} ${since}`);
  return row(table, [
    [quoted(principal_id)],
    [prose(objective, `waiting for ${principal_id} ${since}`, FOLD)],
    files,
    [clock(since, "ago")],
  ]);
}

function claimRow({ claim_id, principal_id, intent_principal_id: owner, objective, due_at }: ClaimView, table: HTMLElement): Node {
  const due = due_at === undefined ? ["by its owner or an arbiter"] : ["by itself in ", clock(due_at, "left")];
  return row(table, [[quoted(principal_id)], [quoted(owner ?? "somebody")], [prose(objective, `claim ${claim_id}`, FOLD)], due]);
}

function undeclaredRow({ worktree, branch, paths, path_count, principals }: ObservedView, table: HTMLElement): Node {
  const where = [
    element("span", { title: visible(worktree) }, quoted(folderName(worktree))),
    branch === undefined ? undefined : element("div", { class: "dim" }, quoted(branch)),
  ];
  const who =
    principals.length === 0
      ? [element("span", { class: "dim" }, "nobody known")]
      : principals.flatMap((id, index) => [index === 0 ? "" : ", ", quoted(id)]);
  return row(table, [where, filesCell(paths, path_count, `undeclared ${worktree}`), who]);
}

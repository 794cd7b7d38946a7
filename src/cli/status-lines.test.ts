import { expect, it } from "vitest";
import type { SummaryAnswer } from "../wire/query.ts";
import type { IntentView, ParticipantView } from "../wire/query/views.ts";
import { statusLines } from "./status-lines.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
const HEALTH = { pid: 7, uri: "ws://127.0.0.1:38000/session/s", status: "ok" as const };
const plain = (_style: string, text: string) => text;

const participant = (over: Partial<ParticipantView> = {}): ParticipantView => ({
  principal_id: "ana",
  display_name: "ana",
  roles: [],
  status: "working",
  is_available: true,
  last_seen: "2026-11-21T11:59:58Z",
  branch: "main",
  worktree: "/home/ana/repo",
  ...over,
});

const intent = (over: Partial<IntentView> = {}): IntentView => ({
  intent_id: "intent-1",
  principal_id: "ana",
  objective: "fix the build",
  state: "ACTIVE",
  scope: { kind: "file_set", resources: ["src/app.ts"] },
  claimed_by: null,
  announced_at: "2026-11-21T11:50:00Z",
  expires_at: "2026-11-21T12:05:00Z",
  ...over,
});

const session = (over: Partial<SummaryAnswer> = {}): SummaryAnswer => ({
  kind: "summary",
  session_id: "s",
  workspace_dir: "/repo",
  captured_at: "2026-11-21T12:00:00Z",
  participant_count: 0,
  active_intent_count: 0,
  open_conflict_count: 0,
  participants: [],
  active_intents: [],
  open_conflicts: [],
  ...over,
});

it("shows who is here, on what, for how long, and where they are at odds", () => {
  const away = participant({
    principal_id: "bo",
    is_available: false,
    last_seen: "2026-11-21T11:56:00Z",
    branch: undefined,
    worktree: undefined,
  });
  const lines = statusLines(
    session({
      participant_count: 2,
      active_intent_count: 1,
      open_conflict_count: 1,
      participants: [participant({ status: "idle" }), away],
      active_intents: [intent()],
      open_conflicts: [
        {
          conflict_id: "c-1",
          category: "scope_overlap",
          severity: "medium",
          state: "OPEN",
          principal_a: "ana",
          principal_b: null,
          intent_a: "intent-1",
          intent_b: null,
          description: "both change it",
        },
      ],
    }),
    HEALTH,
    NOW_MS,
    plain,
  );

  expect(lines).toEqual([
    "2 participants, 1 task, 1 open conflict in /repo",
    "session s, sidecar process 7 at ws://127.0.0.1:38000/session/s",
    "",
    "WHO  BRANCH  WORKTREE  STATUS   SEEN",
    "ana  main    repo      working  now",
    "bo   -       -         away     4 min ago",
    "",
    "WHO  FILES       LEFT        TASK      OBJECTIVE",
    'ana  src/app.ts  5 min left  intent-1  "fix the build"',
    "",
    "CONFLICT  BETWEEN    STATE  WHAT",
    'c-1       ana and -  OPEN   "both change it"',
  ]);
});

it("says of who holds nothing what it says itself", () => {
  const lines = statusLines(session({ participants: [participant({ status: "idle" })] }), HEALTH, NOW_MS, plain);

  expect(lines).toContain("ana  main    repo      idle    now");
});

it("is two lines when nobody is there, and three when the log takes no records", () => {
  expect(statusLines(session(), HEALTH, NOW_MS, plain)).toHaveLength(2);
  expect(statusLines(session(), { ...HEALTH, status: "unavailable" }, NOW_MS, plain)[2]).toContain("signalbox doctor");
});

it("passes nothing on that a terminal would obey, wherever it stands", () => {
  const nasty = "x\u001b[2J\u001b]0;title\u0007\r\ny\u202e\u0000";
  const text = statusLines(
    session({
      workspace_dir: nasty,
      participants: [participant({ principal_id: nasty, status: nasty, branch: nasty, worktree: `/a/${nasty}` })],
      active_intents: [
        intent({ principal_id: nasty, intent_id: nasty, objective: nasty, state: nasty, scope: { kind: "x", resources: [nasty] } }),
      ],
      open_conflicts: [
        {
          conflict_id: nasty,
          category: nasty,
          severity: nasty,
          state: nasty,
          principal_a: nasty,
          principal_b: nasty,
          intent_a: nasty,
          intent_b: nasty,
          description: nasty,
        },
      ],
    }),
    { ...HEALTH, uri: nasty },
    NOW_MS,
    plain,
  ).join("");

  expect(text).toContain('"x y"');
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

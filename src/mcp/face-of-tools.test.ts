import { describe, expect, it } from "vitest";
import { TestSession } from "../tools/session.test.fixture.ts";
import type { ToolContext } from "../tools/ports.ts";
import type { Selection } from "../tools/selection.ts";
import { caller } from "../tools/worktree.test.fixture.ts";
import { type Errand, faceOfTools } from "./face-of-tools.ts";
import { ERAS, talk } from "./talk.test.fixture.ts";

const FORM = { elicitation: { form: {} } };

function faceIn(session: TestSession, selection: Selection = {}, change: Partial<ToolContext> = {}) {
  const errands: Errand[] = [];
  const face = faceOfTools({
    version: "1.2.3",
    selection,
    contextFor(errand) {
      errands.push(errand);
      return Promise.resolve({ ...caller(session, "ana").ctx, ...change });
    },
  });
  if ("refused" in face) throw new Error(face.refused);
  return { face, errands };
}

describe("what is listed", () => {
  it.each([
    { selection: {}, resources: true, board: true, prompts: 3 },
    { selection: { profile: ["core"] }, resources: true, board: false, prompts: 3 },
    { selection: { readOnly: true }, resources: true, board: true, prompts: 3 },
    { selection: { tools: ["claim_lane"] }, resources: false, board: true, prompts: 0 },
    { selection: { profile: ["peers"] }, resources: false, board: false, prompts: 0 },
  ])("comes with the tools of its profile, for $selection", ({ selection, resources, board, prompts }) => {
    const { lists } = faceIn(new TestSession(), selection).face;
    const uris = lists.resources.map(({ uri }) => uri);

    expect(uris.includes("signalbox://session")).toBe(resources);
    expect(uris.includes("signalbox://board")).toBe(board);
    expect(lists.prompts).toHaveLength(prompts);
    expect(JSON.stringify(lists)).not.toContain('"profile"');
  });

  it("is no face for a name that there is not", () => {
    const contextFor = () => Promise.reject(new Error("nobody asks"));

    expect(faceOfTools({ version: "1", selection: { tools: ["derail"] }, contextFor })).toMatchObject({
      refused: expect.stringContaining('there is no tool "derail"') as string,
    });
  });
});

it("leaves nothing of a call that is cancelled while it waits", async () => {
  const session = new TestSession();
  session.holds("bo", "intent-bo", ["a.ts"]);
  const gone = new AbortController();
  session.whileWaiting = () => gone.abort();
  const { face } = faceIn(session);

  const args = { objective: "o", files: ["a.ts"], on_overlap: "wait" };
  const asked = {
    era: "modern",
    signal: gone.signal,
    clientName: "host",
    visit: undefined,
    person: { canBeAsked: false },
    progress: undefined,
  } as const;
  const called = await face.call("begin_task", args, asked);

  expect(called).toMatchObject({ result: { structured: { code: "CANCELLED" } } });
  expect(session.waiting.size).toBe(0);
});

describe.each(ERAS)("in the %s era", (era) => {
  it("calls a tool, reads, fills and completes in the caller's context", async () => {
    const session = new TestSession();
    const { face, errands } = faceIn(session);
    const host = await talk(era, face, { capabilities: FORM });

    const begun = await host.ask("tools/call", { name: "begin_task", arguments: { objective: "o", files: ["a.ts"] } });
    const intents = await host.ask("resources/read", { uri: "signalbox://intents" });
    const standup = await host.ask("prompts/get", { name: "standup" });
    const task = (begun.result?.["structuredContent"] as { intent_id?: string } | undefined)?.intent_id;
    const completed = await host.ask("completion/complete", {
      ref: { type: "ref/prompt", name: "handoff" },
      argument: { name: "intent_id", value: "" },
    });

    expect(begun.result).toMatchObject({ structuredContent: { status: "ok" } });
    expect(JSON.stringify(intents.result)).toContain(task);
    expect(JSON.stringify(standup.result)).toContain("a.ts");
    expect(completed.result).toMatchObject({ completion: { values: [task] } });
    expect(errands.map(({ tool, asked }) => [tool?.name, asked.clientName])).toEqual([
      ["begin_task", "host"],
      [undefined, "host"],
      [undefined, "host"],
      [undefined, "host"],
    ]);
  });

  it("knows no resource of a profile that is off, and asks nobody for it", async () => {
    const { face, errands } = faceIn(new TestSession(), { profile: ["core"] });
    const host = await talk(era, face);

    const { error } = await host.ask("resources/read", { uri: "signalbox://lanes" });

    expect(error).toMatchObject({ code: era === "legacy" ? -32002 : -32602 });
    expect(errands).toEqual([]);
  });

  it("says why nothing can be read while nobody answers, and completes nothing", async () => {
    const session = new TestSession();
    session.trouble = "down";
    const host = await talk(era, faceIn(session).face);

    const read = await host.ask("resources/read", { uri: "signalbox://session" });
    const prompt = await host.ask("prompts/get", { name: "standup" });
    const completed = await host.ask("completion/complete", {
      ref: { type: "ref/prompt", name: "handoff" },
      argument: { name: "to", value: "" },
    });

    for (const { error } of [read, prompt]) expect(error).toEqual({ code: -32603, message: "no sidecar answers on port 38123" });
    expect(completed.result).toMatchObject({ completion: { values: [] } });
  });

  it("gives the caller the word of whoever lets it in nowhere", async () => {
    const result = { structured: { status: "error", code: "X" }, text: "X: sign in first.", isError: true } as const;
    const face = faceOfTools({ version: "1", selection: {}, contextFor: () => Promise.resolve({ refused: result }) });
    if ("refused" in face) throw new Error(face.refused);
    const host = await talk(era, face);

    const called = await host.ask("tools/call", { name: "yield_task", arguments: { intent_id: "i1" } });
    const read = await host.ask("resources/read", { uri: "signalbox://session" });

    expect(called.result).toMatchObject({ isError: true, structuredContent: { code: "X" } });
    expect(read.error).toMatchObject({ message: "X: sign in first." });
  });
});

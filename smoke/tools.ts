/** Smoke: a foreign MPAC client and an MCP bridge in one repository tell each other what they are about to change. */
import assert from "node:assert/strict";
import { askSummary, connectMpac, type Members } from "./support/mpac-client.ts";
import { startHost } from "./support/mcp-host.ts";
import { scratchFolder } from "./support/scratch.ts";
import { runSmoke } from "./support/steps.ts";

const TOOLS = [
  "who_is_working",
  "begin_task",
  "check_overlap",
  "get_file_state",
  "submit_change",
  "yield_task",
  "ack_conflict",
  "escalate_conflict",
  "resolve_conflict",
  "take_over_task",
];
const FILES = ["src/shared.ts"];

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);

  const host = await smoke.step("a bridge starts and names its tools", async () => {
    const started = smoke.own(await startHost({ name: "ana-client", cwd: workspace, env: scratch.env }));
    const { tools } = await started.client.listTools();
    const names = new Set(tools.map((tool) => tool.name));
    assert.deepEqual(
      TOOLS.filter((name) => !names.has(name)),
      [],
    );
    return started;
  });
  const { uri, me } = await smoke.step("who_is_working starts the repository's sidecar and shows nobody else", async () => {
    const { structured } = await host.call("who_is_working");
    assert.equal(structured["workspace_dir"], workspace);
    const [self, ...others] = structured["participants"] as Members[];
    assert.deepEqual(others, []);
    return { uri: String(structured["sidecar_uri"]), me: String(self?.["principal_id"]) };
  });

  const bo = smoke.own(await connectMpac(uri, "bo"));
  await smoke.step("bo, an external MPAC client, joins and announces src/shared.ts", async () => {
    await bo.join();
    const id = bo.send("INTENT_ANNOUNCE", {
      intent_id: "intent-bo",
      objective: "rework the shared types",
      scope: { kind: "file_set", resources: FILES },
    });
    assert.equal((await bo.outcome(id)).message_type, "INTENT_ANNOUNCE");
  });

  await smoke.step("begin_task over the same file is blocked and names bo", async () => {
    const { structured, text, isError } = await host.call("begin_task", { objective: "rename a type", files: FILES });
    assert.equal(isError, false);
    assert.deepEqual([structured["status"], structured["has_conflict"]], ["blocked", true]);
    const [holder] = structured["conflicts"] as Members[];
    assert.deepEqual([holder?.["intent_id"], holder?.["principal_id"]], ["intent-bo", "bo"]);
    assert.match(text, /bo holds src\/shared\.ts/);
  });
  await smoke.step("check_overlap shows bo's intent", async () => {
    const { structured } = await host.call("check_overlap", { files: FILES });
    assert.equal(structured["has_overlap"], true);
    const overlaps = structured["overlaps"] as Members[];
    assert.deepEqual(
      overlaps.map((overlap) => [overlap["intent_id"], overlap["principal_id"], overlap["objective"]]),
      [["intent-bo", "bo", "rework the shared types"]],
    );
  });

  const { conflictId, intentId } = await smoke.step("with proceed begin_task begins, and a conflict stands", async () => {
    const { structured } = await host.call("begin_task", { objective: "rename a type", files: FILES, on_overlap: "proceed" });
    assert.deepEqual([structured["status"], structured["has_conflict"]], ["ok", true]);
    const [conflict] = structured["conflicts"] as Members[];
    const summary = await askSummary(uri);
    assert.equal(summary["open_conflict_count"], 1);
    return { conflictId: String(conflict?.["conflict_id"]), intentId: String(structured["intent_id"]) };
  });
  await smoke.step("bo is told of the same conflict by CONFLICT_REPORT", async () => {
    const report = await bo.frame("the conflict", (frame) => frame.message_type === "CONFLICT_REPORT");
    assert.equal(report.payload?.["conflict_id"], conflictId);
    assert.deepEqual([report.payload["principal_a"], report.payload["principal_b"]].map(String).toSorted(), [me, "bo"].toSorted());
  });
  await smoke.step("ack_conflict is heard by bo", async () => {
    assert.equal((await host.call("ack_conflict", { conflict_id: conflictId, ack_type: "accepted" })).structured["status"], "ok");
    const acknowledged = await bo.frame("the acknowledgement", (frame) => frame.message_type === "CONFLICT_ACK");
    assert.equal(acknowledged.payload?.["ack_type"], "accepted");
  });
  await smoke.step("when bo withdraws, the file is clear", async () => {
    await bo.outcome(bo.send("INTENT_WITHDRAW", { intent_id: "intent-bo", reason: "task_completed" }));
    const { structured } = await host.call("check_overlap", { files: FILES });
    assert.equal(structured["has_overlap"], false);
  });
  await smoke.step("when the bridge yields too, the conflict is dismissed and bo hears it", async () => {
    assert.equal((await host.call("yield_task", { intent_id: intentId })).structured["status"], "ok");
    const resolution = await bo.frame("the resolution", (frame) => frame.message_type === "RESOLUTION");
    assert.deepEqual([resolution.payload?.["conflict_id"], resolution.payload?.["decision"]], [conflictId, "dismissed"]);
    assert.equal((await askSummary(uri))["open_conflict_count"], 0);
  });

  /** What bo has heard of places in the queue: that one stands, or that it has ended. */
  const deferrals = (as: "stands" | "ended") =>
    bo.frames.filter(
      ({ message_type, payload }) =>
        message_type === "INTENT_DEFERRED" && payload?.["principal_id"] === me && (payload["status"] === undefined) === (as === "stands"),
    );
  const held = { kind: "file_set", resources: ["src/queue.ts"] };
  const waiting = { objective: "after bo", files: held.resources, on_overlap: "wait" };
  await smoke.step("with wait begin_task gives a ticket while bo holds the file, and shows it to others", async () => {
    await bo.outcome(bo.send("INTENT_ANNOUNCE", { intent_id: "intent-queue", objective: "first", scope: held }));
    const { structured, text } = await host.call("begin_task", { ...waiting, wait_s: 0 });
    assert.deepEqual([structured["status"], structured["intent_id"], typeof structured["ticket"]], ["waiting", null, "string"], text);
    assert.equal((await host.call("yield_task", { intent_id: structured["ticket"] })).structured["status"], "ok");
  });
  await smoke.step("a waiting begin_task begins the moment bo withdraws, before anybody else can", async () => {
    const places = deferrals("stands").length;
    const begun = host.call("begin_task", waiting);
    await bo.frame("the place in the queue", () => deferrals("stands").length > places);
    bo.send("INTENT_WITHDRAW", { intent_id: "intent-queue", reason: "task_completed" });
    const late = bo.send("INTENT_ANNOUNCE", { intent_id: "intent-late", objective: "again", scope: held });
    const { structured, text } = await begun;
    assert.equal(structured["status"], "ok", text);
    assert.equal((await bo.outcome(late)).payload?.["error_code"], "STALE_INTENT");
    assert.equal((await host.call("yield_task", { intent_id: structured["intent_id"] })).structured["status"], "ok");
  });
  await smoke.step("a waiting call that is cancelled leaves nothing behind", async () => {
    await bo.outcome(bo.send("INTENT_ANNOUNCE", { intent_id: "intent-queue-2", objective: "first", scope: held }));
    const [places, ends] = [deferrals("stands").length, deferrals("ended").length];
    const cancelled = new AbortController();
    const call = host.client.callTool({ name: "begin_task", arguments: waiting }, undefined, { signal: cancelled.signal });
    call.catch(() => undefined);
    await bo.frame("the place in the queue", () => deferrals("stands").length > places);
    cancelled.abort();
    await bo.frame("its end", () => deferrals("ended").length > ends);
    await bo.outcome(bo.send("INTENT_WITHDRAW", { intent_id: "intent-queue-2", reason: "task_completed" }));
    assert.equal((await askSummary(uri))["active_intent_count"], 0);
  });
});

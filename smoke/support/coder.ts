/** One coding agent of the day: a bridge in its own worktree, and a book of everything it was promised. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type McpHost, startHost, type ToolAnswer } from "./mcp-host.ts";
import { connectMpac, type Members } from "./mpac-client.ts";
import type { Scratch } from "./scratch.ts";

/** What a result may say when it cannot say that it happened: nothing was done, or nobody knows and the same call finds out. */
const HONEST_CODES = ["SIDECAR_UNAVAILABLE", "OUTCOME_UNKNOWN", "STORE_UNAVAILABLE"];

/** How often one call may say so before it must succeed. */
const ATTEMPTS = 20;

export const refOf = (bytes: Uint8Array | string): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export interface Written {
  readonly intentId: string;
  readonly path: string;
  readonly before: string;
  readonly content: string;
}

export interface Coder extends AsyncDisposable {
  readonly host: McpHost;
  readonly worktree: string;
  /** Intents that it was told it holds. */
  readonly held: Map<string, readonly string[]>;
  /** Changes that it was told are done. */
  readonly written: Written[];
  /** Calls that did not say that they happened, and were made again. */
  readonly repeats: number;
  begin(objective: string, files: readonly string[], more?: Members): Promise<string>;
  submit(intentId: string, path: string, content: string): Promise<void>;
  yieldTask(intentId: string): Promise<void>;
  look(): Promise<Members>;
  /** Every own live intent that the session knows, in order. */
  known(): Promise<string[]>;
}

export async function startCoder(scratch: Scratch, worktree: string, name: string): Promise<Coder> {
  const host = await startHost({ name, cwd: worktree, env: scratch.env });
  const held = new Map<string, readonly string[]>();
  const written: Written[] = [];
  let repeats = 0;
  let requests = 0;

  /** The same call until it says what became of it. Whatever else it says must be honest. */
  async function insist(tool: string, args: Members): Promise<ToolAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await host.call(tool, args);
      if (!answer.isError) return answer;
      const { code, message } = answer.structured;
      assert.ok(HONEST_CODES.includes(String(code)), `${tool} said: ${answer.text}`);
      assert.ok(String(message).length > 20 && /Next: /.test(answer.text), `${tool} said what happened: ${answer.text}`);
      assert.ok(attempt < ATTEMPTS, `${tool} succeeds within ${ATTEMPTS} calls: ${answer.text}`);
      repeats += 1;
    }
  }

  const coder: Coder = {
    host,
    worktree,
    held,
    written,
    get repeats() {
      return repeats;
    },
    async begin(objective, files, more = {}) {
      const { structured, text } = await insist("begin_task", {
        objective,
        files,
        client_request_id: `${name}-${(requests += 1)}`,
        ...more,
      });
      assert.equal(structured["status"], "ok", text);
      const intentId = String(structured["intent_id"]);
      held.set(intentId, files);
      for (const replaced of structured["superseded"] as string[]) held.delete(replaced);
      return intentId;
    },
    async submit(intentId, path, content) {
      const before = refOf(await readFile(join(worktree, path)));
      const { structured, text } = await insist("submit_change", { intent_id: intentId, target: path, content, state_ref_before: before });
      assert.equal(structured["status"], "success", text);
      assert.equal(structured["state_ref_after"], refOf(content));
      assert.equal(await readFile(join(worktree, path), "utf8"), content, `the content of ${path}`);
      written.push({ intentId, path, before, content });
    },
    async yieldTask(intentId) {
      const { structured, text } = await insist("yield_task", { intent_id: intentId });
      assert.equal(structured["status"], "ok", text);
      held.delete(intentId);
    },
    look: async () => (await insist("who_is_working", {})).structured,
    async known() {
      const known: string[] = [];
      for (let cursor: unknown; ;) {
        const { structured } = await insist("who_is_working", { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
        const own = (structured["participants"] as Members[]).find((participant) => participant["you"] === true);
        const mine = (structured["active_intents"] as Members[]).filter((intent) => intent["principal_id"] === own?.["principal_id"]);
        assert.deepEqual(
          mine.filter((intent) => intent["state"] !== "ACTIVE"),
          [],
        );
        known.push(...mine.map((intent) => String(intent["intent_id"])));
        cursor = structured["next_cursor"];
        if (cursor === undefined) return known.toSorted();
      }
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
  return coder;
}

/** What was acknowledged to a coder is known to the session: each intent, and each change exactly once. */
export async function nothingIsLost(coder: Coder, uri: string): Promise<void> {
  assert.deepEqual(await coder.known(), [...coder.held.keys()].toSorted(), "the intents that the session knows");
  await using onlooker = await connectMpac(uri, "onlooker");
  for (const [number, { intentId }] of coder.written.entries()) {
    onlooker.sendRaw({ type: "SIGNALBOX_QUERY", query_id: `written-${number}`, query: { kind: "intent", intent_id: intentId } });
  }
  for (const [number, { path, before, content }] of coder.written.entries()) {
    const frame = await onlooker.frame("an answer", ({ query_id: id }) => id === `written-${number}`);
    const { operations } = (frame["answer"] as { intent: { operations: Members[] } }).intent;
    const same = operations.filter(
      (operation) =>
        operation["target"] === path &&
        operation["state"] === "COMMITTED" &&
        operation["state_ref_before"] === before &&
        operation["state_ref_after"] === refOf(content),
    );
    assert.equal(same.length, 1, `operations of the change of ${path}`);
  }
}

/** A worktree in memory for tests of the tools, and the calls of one principal in it. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { EMPTY_REF } from "../wire/references.ts";
import { TestBoard } from "./board.test.fixture.ts";
import { TestPeers } from "./peers.test.fixture.ts";
import { createTurns } from "./turns.ts";
import { callTool } from "./call-tool.ts";
import type { ToolContext } from "./ports.ts";
import type { FileAnswer, Files, PathsAnswer, PreparedReplacement, Replacement } from "./ports/files.ts";
import type { Agents } from "./ports/session.ts";
import { REGISTRY } from "./registry.ts";
import { named } from "./named-fault.test.fixture.ts";
import { NOW_MS, type TestSession } from "./session.test.fixture.ts";
import type { ToolResult } from "./tool.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
export const refOf = (text: string): string => `sha256:${sha256(text)}`;

const LIMIT = 256 * 1024;

export class TestWorktree implements Files {
  readonly files = new Map<string, string>();
  /** Contents that wait beside their targets, by operation. */
  readonly waiting = new Map<string, Replacement>();
  /** What happens between the session's answer and the last look at the target. */
  meanwhile: (() => void) | undefined;
  /** How writing goes wrong. */
  fault: "prepare" | "apply" | "lost" | undefined;

  /** Symbolic links, by name. */
  readonly links = new Map<string, string>();
  readonly alone = createTurns();

  async scopePaths(text: string): Promise<PathsAnswer> {
    const file = await this.filePath(text);
    return file.ok ? { ok: true, paths: [...new Set([file.path, file.entry])] } : file;
  }

  async filePath(text: string): Promise<FileAnswer> {
    const entry = text.replace(/^\.\//, "").replace(/\/$/, "");
    return entry.split("/").includes("..") || entry.startsWith("/")
      ? { ok: false, why: `the path "${text}" leaves the repository` }
      : { ok: true, path: this.links.get(entry) ?? entry, entry };
  }

  async state(path: string, { content }: { content: boolean }) {
    const text = this.files.get(path);
    if (path.endsWith("/denied")) return { status: "refused" as const, why: `"${path}" cannot be read` };
    const isFolder = [...this.files.keys()].some((file) => file.startsWith(`${path}/`));
    if (isFolder) return { status: "refused" as const, why: `"${path}" is a directory: name a file in it` };
    if (text === undefined) return { status: "missing" as const, path, state_ref: EMPTY_REF, size: 0 as const };
    const found = { status: "ok" as const, path, state_ref: refOf(text), size: Buffer.byteLength(text) };
    if (!content) return found;
    if (text.includes("\0")) return { ...found, binary: true };
    return found.size > LIMIT ? { ...found, content: text.slice(0, LIMIT), truncated: true } : { ...found, content: text };
  }

  async prepare(change: Replacement): Promise<PreparedReplacement | { refused: string }> {
    if (this.fault === "prepare") throw named("WriteFailed", `"${change.path}" was not changed: the disk is full`);
    if (change.content?.includes("\ud800") === true) return { refused: "the content holds half of a character" };
    const { path, content, opId } = change;
    this.waiting.set(opId, change);
    return {
      stateRefAfter: content === null ? EMPTY_REF : refOf(content),
      apply: async (expectedRef) => {
        this.meanwhile?.();
        if (this.fault === "apply") throw named("WriteFailed", `"${path}" was not changed: the disk is full`);
        const now = this.files.get(path);
        const currentRef = now === undefined ? EMPTY_REF : refOf(now);
        if (currentRef !== expectedRef) return { outcome: "changed", currentRef, ...(content === null ? {} : { keptAt: `${path}.kept` }) };
        if (this.fault === "lost") return { outcome: "lost", currentRef };
        if (content === null) this.files.delete(path);
        else this.files.set(path, content);
        this.waiting.delete(opId);
        return { outcome: "applied" };
      },
      abandon: async () => void this.waiting.delete(opId),
      withdrawn: async () => void this.waiting.delete(opId),
    };
  }

  isWaiting(opId: string): boolean {
    return this.waiting.has(opId);
  }
}

export interface Caller {
  readonly ctx: ToolContext;
  readonly tree: TestWorktree;
  /** Calls a tool and checks that the result is what every result has to be. */
  call(tool: string, args?: object): Promise<ToolResult>;
}

export function caller(session: TestSession, principal: string, more: Partial<ToolContext> = {}): Caller {
  const tree = new TestWorktree();
  let drawn = 0;
  const agents: Agents = {
    as: async (label) => session.as(`${principal}/${label}`),
    named: async (name) => (name === principal || name.startsWith(`${principal}/`) ? session.as(name) : undefined),
    holding: async (intentId) => (await agents.named(session.intents.get(intentId)?.principal_id ?? "")) ?? session.as(principal),
  };
  const ctx: ToolContext = {
    coordination: session.as(principal),
    agents,
    files: tree,
    board: new TestBoard(principal),
    peers: new TestPeers(principal),
    onOverlap: "block",
    nowMs: () => NOW_MS,
    newId: () => `${principal.charAt(0)}${(drawn += 1)}`, // of hex digits, as they are,
    hash: sha256,
    ...more,
  };
  const call = async (name: string, args?: object) => {
    const outcome = await callTool(REGISTRY, ctx, name, args);
    if (outcome.outcome !== "result") throw new Error(outcome.message);
    expectSound(name, outcome.result);
    return outcome.result;
  };
  return { ctx, tree, call };
}

/** What holds of every result whatever was asked: it conforms to its schema, is JSON, and stands alone as text. */
function expectSound(name: string, { structured, text, isError }: ToolResult): void {
  const tool = REGISTRY.find((candidate) => candidate.name === name);
  const schema = isError === true ? tool?.output.partial() : tool?.output;
  expect(schema?.safeParse(structured).error).toBeUndefined();
  expect(JSON.parse(JSON.stringify(structured))).toEqual(structured);
  expect(isError === true).toBe(structured["status"] === "error");
  if (isError === true) expect(text.startsWith(`${String(structured["code"])}: `)).toBe(true);
  expect(text).toMatch(/^Next: /m);
  expect(text).not.toMatch(/undefined|\[object |\bNaN\b|null/);
}

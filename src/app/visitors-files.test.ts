/** What a caller over HTTP is told of a file that is too long for an answer. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { own, proven, visited } from "./visitors.test.fixture.ts";
import { findWorkspace } from "../git/repository.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { locateStore } from "../git/store-folder.ts";
import { callTool } from "../tools/call-tool.ts";
import { REGISTRY } from "../tools/registry.ts";

const LONG = "x".repeat(256 * 1024 + 1);

async function textOf(session: Awaited<ReturnType<typeof visited>>, caller: ReturnType<typeof own>): Promise<string> {
  const called = await callTool(REGISTRY, await session.contextOf(caller), "get_file_state", { path: "long.txt" });
  if (called.outcome !== "result") throw new Error(called.message);
  expect(called.result.structured).toMatchObject({ status: "ok", size: LONG.length, content_withheld: "over 256 KiB" });
  return called.result.text;
}

it("sends nobody to a disk where there is none", async () => {
  await using session = await visited();
  const ana = proven("ana");
  const { intent_id } = await session.call(ana, "begin_task", { objective: "o", files: ["long.txt"] });
  const { state_ref: state_ref_before } = await session.call(ana, "get_file_state", { path: "long.txt" });
  await session.call(ana, "submit_change", { intent_id, target: "long.txt", content: LONG, state_ref_before });

  const text = await textOf(session, ana);

  expect(text).toContain("No content: the file is over 256 KiB; this session keeps its files on no disk, so take it from your own copy");
  expect(text).not.toContain("from the disk");
});

it("sends to the disk where the file lies on one", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  await writeFile(join(root, "long.txt"), LONG);
  const workspace = await findWorkspace(root);
  if (workspace.kind === "refused") throw new Error(workspace.message);
  await using session = await visited({
    profile: "open",
    repository: { workspace, store: await locateStore(workspace, { env: scratch.env }) },
  });

  expect(await textOf(session, own())).toContain("No content: the file is over 256 KiB; read it from the disk.");
});

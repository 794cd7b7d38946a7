/** Which folders a call over HTTP may name as its session's own. */
import { mkdir, symlink } from "node:fs/promises";
import { expect, it } from "vitest";
import { type Body, busSidecar } from "./board.test.fixture.ts";
import { post, toolCall } from "./mcp.test.fixture.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";

it("is the session's own however it is written, or a folder in it, and no other", async () => {
  await using scratch = await scratchFolder();
  const repository = await scratch.repository("repo");
  await mkdir(`${repository}/src`);
  await mkdir(`${repository}-beside`);
  await symlink(repository, `${repository}-link`);
  await using made = await busSidecar(repository);
  const url = `http://127.0.0.1:${made.sidecar.port}/mcp`;
  const answerTo = async (repo_path: string): Promise<unknown> => {
    const { body } = await post(url, toolCall("who_is_working", { repo_path }), { authorization: `Bearer ${made.token}` });
    const { structuredContent } = body["result"] as { readonly structuredContent: Body };
    return structuredContent["code"] ?? "ok";
  };

  const own = ["", "/", "/.", "/./src", "/src/..", "-link", "-link/src/"];
  const others = ["-beside", "/..", "/none"];
  const answers = await Promise.all([...own, ...others].map((ending) => answerTo(`${repository}${ending}`)));

  expect(answers).toEqual([...own.map(() => "ok"), ...others.map(() => "INVALID_ARGUMENTS")]);
});

/** What several processes at once make of one repository: real ones, released by a line on their standard input. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { scratchFolder } from "./scratch.test.fixture.ts";

const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

const CHILD = `
import { once } from "node:events";
import { findWorkspace } from ${url("./repository.ts")};
import { locateStore } from ${url("./store-folder.ts")};
import { worktreeIdOf } from ${url("./worktree-id.ts")};
const workspace = await findWorkspace(process.argv[1]);
process.stdout.write("ready\\n");
await once(process.stdin, "data");
const store = await locateStore(workspace);
process.stdout.write(store.identity.store_id + " " + await worktreeIdOf(workspace) + "\\n");
process.stdin.destroy();
`;

it("gives processes that start at once one store and one worktree id", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("shop");
  const start = async () => {
    const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", CHILD, root], {
      env: scratch.env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    return { child, lines, exited: once(child, "exit") };
  };

  const children = await Promise.all(Array.from({ length: 4 }, start));
  for (const { child } of children) child.stdin.write("go\n");
  const answers = await Promise.all(children.map(async ({ lines }) => String((await lines.next()).value)));
  const exits = await Promise.all(children.map(({ exited }) => exited));

  expect(exits.map(([code]) => Number(code))).toEqual([0, 0, 0, 0]);
  expect(answers[0]).toMatch(/^[0-9a-f-]{36} [0-9a-f]{16}$/);
  expect(new Set(answers).size).toBe(1);
});

import { expect, it } from "vitest";
import { Scope } from "../../wire/mpac/messages.ts";
import { endsOf, hintsOf } from "./hints.ts";
import { parseResource, type Resource } from "./resource.ts";

const rules = { foldCase: true, roots: ["/work"] };
const hints = (scope: object) => hintsOf(Scope.parse({ kind: "entity_set", ...scope }), rules);
const filesIn = (...entities: string[]) => hints({ entities }).files.map(({ path }) => path);
const ends = (path: string) => endsOf(parseResource(path, rules) as Resource);

it.each([
  { word: "src/auth.py", names: ["src/auth.py"] },
  { word: "./src/auth.py::User::login", names: ["src/auth.py"] },
  { word: "src/auth.py:12", names: ["src/auth.py"] },
  { word: "src/auth.py#L12", names: ["src/auth.py"] },
  { word: "src/auth/", names: ["src/auth"] },
  { word: "package.json", names: ["package.json"] },
  { word: "resource://project/src/auth.ts", names: ["src/auth.ts"] },
  { word: "https://host/a/b.ts?v=1#top", names: ["a/b.ts"] },
  { word: "https://host/users", names: [] },
  { word: "urn:isbn:1.x", names: [] },
  { word: "GET /api/users", names: [] },
  { word: "/repo/src/auth.py", names: [] },
  { word: "../out/x.py", names: [] },
  { word: "src/*.py", names: [] },
  { word: "a/\u0000.ts", names: [] },
  { word: "users", names: [] },
  { word: "", names: [] },
  { word: `d/${"x".repeat(510)}`, names: [`d/${"x".repeat(510)}`] },
  { word: `d/${"x".repeat(511)}`, names: [] },
])("reads $names in «$word»", ({ word, names }) => {
  expect(filesIn(word)).toEqual(names);
});

it("reads tasks, a query and URIs, too", () => {
  const said = { task_ids: ["t/1"], expression: 'SELECT read("a/b.ts", c.d) FROM e/f', canonical_uris: ["r://p/g.ts"] };

  expect(hints(said).files.map(({ path }) => path)).toEqual(["t/1", "a/b.ts", "c.d", "e/f", "g.ts"]);
  expect(hints(said).modules).toEqual([]);
});

it.each([
  { name: "auth.login", modules: ["auth", "auth/login"] },
  { name: "App.auth.login", modules: ["app", "app/auth", "auth/login"] },
  { name: "Größe.x", modules: ["grösse", "grösse/x"] },
  { name: "auth", modules: [] },
  { name: ".auth.login", modules: [] },
  { name: "auth..login", modules: [] },
  { name: "auth-x.login", modules: [] },
])("reads $modules in «$name»", ({ name, modules }) => {
  expect(hints({ entities: [name] }).modules).toEqual(modules);
});

it("keeps the first 64 of either", () => {
  const entities = Array.from({ length: 100 }, (_, index) => [`d/${index}`, `m${index}.x`]).flat();

  const { files, modules } = hints({ entities });

  expect([files.length, files.at(-1)?.path]).toEqual([64, "m31.x"]);
  expect([modules.length, modules.at(-1)]).toEqual([64, "m31/x"]);
});

it.each([
  { path: "src/app/auth.py", ends: ["auth", "app/auth"] },
  { path: "app/auth.py", ends: ["auth", "app/auth"] },
  { path: "auth.py", ends: ["auth"] },
  { path: "src/models", ends: ["models", "src/models"] },
  { path: ".github", ends: [".github"] },
  { path: "src/*.py", ends: [] },
  { path: "", ends: [] },
])("ends $path in $ends", ({ path, ends: expected }) => {
  expect(ends(path)).toEqual(expected);
});

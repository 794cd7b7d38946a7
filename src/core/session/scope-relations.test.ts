/** How scopes of all kinds stand to each other. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { Scope } from "../../wire/mpac/messages.ts";
import { isWithin, meetsScope, targetWithin } from "./scope-relations.ts";
import { files, play } from "./session.test.fixture.ts";

const AUTH = "resource://project/src/auth.ts";
const STYLE = "resource://project/style";
const resource_registry = {
  mappings: [
    {
      canonical_uri: AUTH,
      aliases: [
        { kind: "file_set", value: "src/auth.ts" },
        { kind: "entity_set", value: "api.auth" },
        { kind: "query", value: "SELECT 1" },
      ],
    },
    {
      canonical_uri: STYLE,
      aliases: [
        { kind: "resource_path", value: "style/**" },
        { kind: "entity_set", value: "theme" },
      ],
    },
    { canonical_uri: "resource://project/refused", aliases: [{ kind: "file_set", value: "../out" }] },
  ],
};
const plain = play().state;
const registered = play({ resource_registry }).state;

const scope = (members: JsonObject): Scope => Scope.parse(members);
const paths = (...resources: string[]): Scope => scope(files(...resources));
const pattern = (text: string, more: JsonObject = {}): Scope => scope({ kind: "resource_path", pattern: text, ...more });
const entities = (...names: string[]): Scope => scope({ kind: "entity_set", entities: names });
const tasks = (...ids: string[]): Scope => scope({ kind: "task_set", task_ids: ids });
const query = (expression: string, more: JsonObject = {}): Scope => scope({ kind: "query", language: "sql", expression, ...more });
const custom = (more: JsonObject): Scope => scope({ kind: "custom", ...more });
const under = (uri: string, about: Scope): Scope => scope({ ...(about as unknown as JsonObject), canonical_uris: [uri] });

describe("two scopes", () => {
  it.each([
    { name: "of files meet where a path is in both", a: paths("./src//auth.ts"), b: paths("src/auth.ts/"), meets: "certain" },
    { name: "of files meet where one holds the folder", a: paths("src"), b: paths("src/auth.ts"), meets: "certain" },
    { name: "of files that differ do not meet", a: paths("src/a.ts"), b: paths("src/b.ts"), meets: "none" },
    { name: "without anything do not meet", a: paths(), b: paths(), meets: "none" },
    { name: "a pattern and a file meet", a: pattern("src/*.ts"), b: paths("src/a.ts"), meets: "certain" },
    { name: "a pattern from the root and a file meet", a: pattern("/src/*.ts"), b: paths("src/a.ts"), meets: "certain" },
    {
      name: "a pattern that ends at a segment does not meet what is deeper",
      a: pattern("src/*.ts"),
      b: paths("src/x/a.ts"),
      meets: "none",
    },
    { name: "two patterns meet where some file is matched by both", a: pattern("src/**/*.ts"), b: pattern("**/x/*"), meets: "certain" },
    { name: "two patterns that no file matches do not meet", a: pattern("*.ts"), b: pattern("*.css"), meets: "none" },
    { name: "a pattern that leaves the workspace meets nothing", a: pattern("/../**"), b: paths(""), meets: "none" },
    { name: "of entities meet by one exact name", a: entities("user:1", "user:2"), b: entities("user:2"), meets: "certain" },
    { name: "of entities are told apart by case", a: entities("User"), b: entities("user"), meets: "none" },
    { name: "of entities that name one file do not meet", a: entities("a.ts::x"), b: entities("a.ts::y"), meets: "none" },
    { name: "of tasks meet by one exact id", a: tasks("t1"), b: tasks("t1", "t2"), meets: "certain" },
    { name: "an entity and a task of one name do not meet", a: entities("t1"), b: tasks("t1"), meets: "none" },
    { name: "queries may always meet", a: query("SELECT 1"), b: query("SELECT 2"), meets: "possible" },
    { name: "that say the same and nobody can read do meet", a: query("SELECT 1"), b: query("SELECT 1"), meets: "certain" },
    {
      name: "that say the same in another order do meet",
      a: scope({ kind: "custom", extensions: { a: 1, b: [{ c: 2, d: 3 }] } }),
      b: scope({ extensions: { b: [{ d: 3, c: 2 }], a: 1 }, kind: "custom" }),
      meets: "certain",
    },
    { name: "of one unknown kind may meet", a: scope({ kind: "x.y", z: 1 }), b: scope({ kind: "x.y", z: 2 }), meets: "possible" },
    { name: "of different unknown kinds do not meet", a: scope({ kind: "x", z: 1 }), b: scope({ kind: "y", z: 1 }), meets: "none" },
    { name: "of an unknown kind with files are compared by those", a: custom({ resources: ["a"] }), b: paths("a/b"), meets: "certain" },
    {
      name: "of an unknown kind with other files do not meet",
      a: custom({ resources: ["a"] }),
      b: custom({ resources: ["b"] }),
      meets: "none",
    },
    { name: "one URI of queries decides", a: under("u:1", query("1")), b: under("u:1", query("2")), meets: "certain" },
    { name: "other URIs of queries decide", a: under("u:1", query("1")), b: under("u:2", query("2")), meets: "none" },
    { name: "the URI of one query decides nothing", a: under("u:1", query("1")), b: query("2"), meets: "possible" },
    { name: "URIs are told apart by case", a: under("u:A", query("1")), b: under("u:a", query("2")), meets: "none" },
    { name: "of files meet by a URI, whatever their paths", a: under("u:1", paths("a")), b: under("u:1", paths("b")), meets: "certain" },
    { name: "of files meet by a path, whatever their URIs", a: under("u:1", paths("a")), b: under("u:2", paths("a")), meets: "certain" },
    {
      name: "of kinds that differ meet by a URI",
      a: under(AUTH, entities("login")),
      b: under(AUTH, paths("src/auth.ts")),
      meets: "certain",
    },
    {
      name: "URIs of both decide what words would make possible",
      a: under("u:1", entities("src/auth.ts::login")),
      b: under("u:2", paths("src/auth.ts")),
      meets: "none",
    },
    { name: "an entity inside a file may meet the file", a: entities("src/auth.py::login"), b: paths("src/auth.py"), meets: "possible" },
    { name: "an entity inside a file may meet its folder", a: entities("src/auth.py#login"), b: paths("src"), meets: "possible" },
    { name: "an entity inside a file may meet a pattern", a: entities("src/auth.py:12"), b: pattern("**/*.py"), meets: "possible" },
    { name: "an entity inside a file does not meet another", a: entities("src/auth.py::login"), b: paths("src/auth.ts"), meets: "none" },
    { name: "a dotted name may be in a file of its first name", a: entities("auth.login"), b: paths("src/auth.py"), meets: "possible" },
    {
      name: "a dotted name may be in a file of its last names",
      a: entities("com.app.auth.Login"),
      b: paths("x/auth/Login.java"),
      meets: "possible",
    },
    { name: "a dotted name may be in a folder", a: entities("models.Note.title"), b: paths("src/models"), meets: "possible" },
    { name: "a dotted name is not in a longer one", a: entities("auth.login"), b: paths("src/author.py"), meets: "none" },
    { name: "a dotted name is not in a file beside its folder", a: entities("app.auth.login"), b: paths("lib/auth.py"), meets: "none" },
    { name: "a dotted name is not met by a pattern", a: entities("auth.login"), b: pattern("src/*.py"), meets: "none" },
    { name: "a word alone names no file", a: entities("users", "GET /api/users"), b: paths("users.ts", "api/users"), meets: "none" },
    { name: "a query may meet a file that it names", a: query("read('src/auth.ts') + 1"), b: paths("src/auth.ts"), meets: "possible" },
    { name: "a query does not meet a file that it does not name", a: query("SELECT a FROM b"), b: paths("a", "b"), meets: "none" },
    { name: "a URI may end in a file of the other", a: under(AUTH, tasks("t")), b: paths("src/auth.ts"), meets: "possible" },
    { name: "a URI in an entity's place may end in a file", a: entities(AUTH), b: paths("src/auth.ts"), meets: "possible" },
    { name: "the URI of files names no other file", a: under("r://p/b.ts", paths("a.ts")), b: pattern("b.ts"), meets: "none" },
    { name: "the words of two kinds may name one file", a: entities("a.py::x"), b: query("open('a.py')"), meets: "possible" },
  ])("$name", ({ a, b, meets }) => {
    expect([meetsScope(plain, a, b), meetsScope(plain, b, a)]).toEqual([meets, meets]);
  });

  it.each([
    { name: "an alias and a file are one", a: entities("api.auth"), b: paths("src/auth.ts"), meets: "certain" },
    { name: "an alias and a folder over it are one", a: entities("api.auth"), b: paths("src"), meets: "certain" },
    { name: "an alias and its URI are one", a: entities("api.auth"), b: under(AUTH, tasks("t")), meets: "certain" },
    { name: "two aliases of different kinds are one", a: entities("api.auth"), b: query("SELECT 1"), meets: "certain" },
    { name: "an alias and another file are not", a: entities("api.auth"), b: paths("src/other.ts"), meets: "none" },
    { name: "an alias and what a pattern matches are one", a: entities("theme"), b: paths("style/a.css"), meets: "certain" },
    { name: "two files under one pattern are two", a: paths("style/a.css"), b: paths("style/b.css"), meets: "none" },
    { name: "an entity is an alias by its exact name", a: entities("api.Auth"), b: paths("src/auth.ts"), meets: "none" },
    { name: "a task is no alias of an entity's name", a: tasks("api.auth"), b: paths("src/auth.ts"), meets: "none" },
    { name: "what both are registered for decides", a: query("SELECT 1"), b: under(STYLE, query("SELECT 2")), meets: "none" },
  ])("of a registry: $name", ({ a, b, meets }) => {
    expect([meetsScope(registered, a, b), meetsScope(registered, b, a)]).toEqual([meets, meets]);
  });
});

describe("a scope lies within others", () => {
  it.each([
    { name: "a file in its folder", inner: paths("src/a.ts"), outer: [paths("src")], is: true },
    { name: "files in several together", inner: paths("a", "b"), outer: [paths("a"), paths("b", "c")], is: true },
    { name: "not when one file is elsewhere", inner: paths("a", "d"), outer: [paths("a"), paths("b")], is: false },
    { name: "not a folder in its file", inner: paths("src"), outer: [paths("src/a.ts")], is: false },
    { name: "a pattern in its folder", inner: pattern("src/*.ts"), outer: [paths("src")], is: true },
    { name: "a file in a pattern over all of it", inner: paths("src/a"), outer: [pattern("src/**")], is: true },
    { name: "a file in a pattern that matches it", inner: paths("src/a.ts"), outer: [pattern("src/*.ts")], is: true },
    { name: "not a folder in a pattern that matches its name", inner: paths("src/a"), outer: [pattern("src/*")], is: false },
    { name: "entities in more of them", inner: entities("x"), outer: [entities("x", "y")], is: true },
    { name: "not entities in fewer of them", inner: entities("x", "y"), outer: [entities("x")], is: false },
    { name: "not an entity in a task of its name", inner: entities("x"), outer: [tasks("x")], is: false },
    { name: "not an entity in all files", inner: entities("src/a.py::x"), outer: [paths("")], is: false },
    { name: "a query in itself", inner: query("1"), outer: [query("1")], is: true },
    { name: "not a query in another", inner: query("1"), outer: [query("2")], is: false },
    { name: "another kind by its URI", inner: under("u:1", entities("x")), outer: [under("u:1", paths("a"))], is: true },
    { name: "another query by its URI", inner: under("u:1", query("1")), outer: [under("u:1", query("2"))], is: true },
    { name: "not more files by the same URI", inner: under("u:1", paths("a", "b")), outer: [under("u:1", paths("a"))], is: false },
    { name: "not more entities by the same URI", inner: under("u:1", entities("x", "y")), outer: [under("u:1", entities("x"))], is: false },
    { name: "not one URI more", inner: under("u:2", paths("a")), outer: [paths("a")], is: false },
    { name: "not where nothing is", inner: paths("a"), outer: [], is: false },
    { name: "nothing in something is not", inner: paths(), outer: [paths("a")], is: false },
    { name: "nothing in nothing is", inner: paths(), outer: [entities()], is: true },
  ])("$name", ({ inner, outer, is }) => {
    expect(isWithin(plain, inner, outer)).toBe(is);
  });

  it.each([
    { name: "an alias in its file", inner: entities("api.auth"), outer: [paths("src/auth.ts")], is: true },
    { name: "a file in its alias", inner: paths("src/auth.ts"), outer: [entities("api.auth")], is: true },
    { name: "an alias in a pattern over its file", inner: entities("api.auth"), outer: [pattern("src/*.ts")], is: true },
    { name: "a query in its alias", inner: query("SELECT 1"), outer: [entities("api.auth")], is: true },
    { name: "a part in the whole", inner: paths("style/a.css"), outer: [entities("theme")], is: true },
    { name: "not the whole in a part", inner: entities("theme"), outer: [paths("style/a.css")], is: false },
    { name: "not a folder around it in its alias", inner: paths("src"), outer: [entities("api.auth")], is: false },
    { name: "not an alias and more", inner: entities("api.auth", "x"), outer: [paths("src/auth.ts")], is: false },
  ])("by the registry: $name", ({ inner, outer, is }) => {
    expect(isWithin(registered, inner, outer)).toBe(is);
  });
});

describe("a target lies within a scope", () => {
  it.each([
    { name: "a file in its folder", target: "./src/a.ts", about: paths("src"), is: true },
    { name: "a file in a pattern", target: "src/a.ts", about: pattern("src/*"), is: true },
    { name: "not a file elsewhere", target: "lib/a.ts", about: paths("src"), is: false },
    { name: "not a file in a scope of entities", target: "src/a.ts", about: entities("src/a.ts::x"), is: false },
    { name: "an entity by its name", target: "x.y", about: entities("x.y"), is: true },
    { name: "a task by its id", target: "t1", about: tasks("t1"), is: true },
    { name: "a URI by its text", target: "u:1", about: under("u:1", query("1")), is: true },
    { name: "not what leaves the workspace", target: "../x", about: paths(""), is: false },
    { name: "a file in its alias", target: "src/auth.ts", about: entities("api.auth"), is: true },
    { name: "a file in a registered pattern", target: "style/a.css", about: entities("theme"), is: true },
    { name: "not another in an alias", target: "src/b.ts", about: entities("api.auth"), is: false },
  ])("$name", ({ target, about, is }) => {
    expect(targetWithin(registered, target, about)).toBe(is);
  });
});

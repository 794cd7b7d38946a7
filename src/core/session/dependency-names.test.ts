/** Which names of two sides are one, and how the one that says most is told. */
import { expect, it } from "vitest";
import { changedNames, sharedNames } from "./dependency-names.ts";

it.each([
  { changed: ["utils.foo"], used: ["utils.foo", "utils.bar"], shared: ["utils.foo"], why: "the same name" },
  { changed: ["utils.foo"], used: ["utils.bar"], shared: [], why: "another function of the same module" },
  { changed: ["Note"], used: ["models.Note"], shared: ["models.Note"], why: "a bare name and a qualified one" },
  { changed: ["models.Note"], used: ["Note"], shared: ["models.Note"], why: "a qualified name and a bare one" },
  { changed: ["Note"], used: ["models.User"], shared: [], why: "two classes" },
  { changed: ["Note.archived"], used: ["app.models.Note"], shared: ["Note.archived"], why: "a member of a class that is used" },
  { changed: ["app.models.Note"], used: ["Note.archived"], shared: ["Note.archived"], why: "a class of which a member is used" },
  { changed: ["Note.archived"], used: ["app.Note.title"], shared: ["app.Note.title"], why: "two members of one class" },
  { changed: ["note.archived"], used: ["app.note"], shared: [], why: "a function of a module, which is no class" },
  { changed: ["Ärger.los"], used: ["Ärger"], shared: ["Ärger.los"], why: "a class that begins with another alphabet's capital" },
  { changed: [], used: ["foo"], shared: [], why: "nothing that is changed" },
])("finds $shared in $changed and $used: $why", ({ changed, used, shared }) => {
  expect(sharedNames(changedNames(changed), used)).toEqual(shared);
});

it.each([
  { name: "changed", changed: Array.from({ length: 128 }, (_, index) => `m${999 - index}.Note`), used: ["Note"] },
  { name: "used", changed: ["Note"], used: Array.from({ length: 128 }, (_, index) => `m${999 - index}.Note`) },
])("names the first twenty of many that are $name, in order", ({ changed, used }) => {
  expect(sharedNames(changedNames(changed), used)).toEqual(Array.from({ length: 20 }, (_, index) => `m${980 + index}.Note`));
});

it("names twenty of what two used names bring together", () => {
  const both = ["Foo", "Note"].flatMap((name) => Array.from({ length: 15 }, (_, index) => `m${10 + index}.${name}`));

  expect(sharedNames(changedNames(both), ["Foo", "Note"])).toEqual(both.sort().slice(0, 20));
});

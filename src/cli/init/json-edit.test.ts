import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropIn, type JsonPath, readJson, setIn } from "./json-edit.ts";

const file = (text: string) => readJson("file.json", text);

describe("setting a member", () => {
  it.each([
    { name: "into nothing", text: "", gives: '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}\n' },
    { name: "into an empty object", text: "{}", gives: '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}' },
    { name: "behind others", text: '{\n  "x": {"y":1}\n}\n', gives: '{\n  "x": {"y":1},\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}\n' },
    {
      name: "with four spaces",
      text: '{\n    "a": {\n        "x": 1\n    }\n}',
      gives: '{\n    "a": {\n        "x": 1,\n        "b": [\n            1\n        ]\n    }\n}',
    },
    { name: "with tabs", text: '{\n\t"x": 1\n}', gives: '{\n\t"x": 1,\n\t"a": {\n\t\t"b": [\n\t\t\t1\n\t\t]\n\t}\n}' },
    {
      name: "with line ends of Windows",
      text: '{\r\n  "x": 1\r\n}\r\n',
      gives: '{\r\n  "x": 1,\r\n  "a": {\r\n    "b": [\r\n      1\r\n    ]\r\n  }\r\n}\r\n',
    },
    { name: "on one line", text: '{"x":1}\n', gives: '{"x":1, "a": {"b":[1]}}\n' },
    { name: "into an empty object on one line", text: '{"a":{}}', gives: '{"a":{"b": [1]}}' },
    { name: "over another value", text: '{\n  "a": { "b": [9] }\n}', gives: '{\n  "a": { "b": [1] }\n}' },
    {
      name: "beside a member on the line of its object",
      text: '{\n  "a": { "x": 1 }\n}',
      gives: '{\n  "a": { "x": 1,\n    "b": [\n      1\n    ] }\n}',
    },
  ])("$name leaves everything else as it is", ({ text, gives }) => {
    expect(setIn(file(text), ["a", "b"], [1]).text).toBe(gives);
  });

  it("appends to a list behind its last element", () => {
    expect(setIn(file('{\n  "a": [\n    {"x": 1}\n  ]\n}'), ["a", 1], 2).text).toBe('{\n  "a": [\n    {"x": 1},\n    2\n  ]\n}');
  });
});

describe("taking away", () => {
  it.each([
    { name: "the first of several", path: ["a", 0], gives: '{"a": [2, 3], "b": 1}' },
    { name: "one in the middle", path: ["a", 1], gives: '{"a": [1, 3], "b": 1}' },
    { name: "the last", path: ["a", 2], gives: '{"a": [1, 2], "b": 1}' },
    { name: "a member", path: ["a"], gives: '{"b": 1}' },
    { name: "the last member", path: ["b"], gives: '{"a": [1, 2, 3]}' },
    { name: "what is not there", path: ["c"], gives: '{"a": [1, 2, 3], "b": 1}' },
  ] satisfies { name: string; path: JsonPath; gives: string }[])("$name takes its comma", ({ path, gives }) => {
    expect(dropIn(file('{"a": [1, 2, 3], "b": 1}'), path).text).toBe(gives);
  });

  it("empties what held nothing else", () => {
    expect(dropIn(file('{\n  "a": {\n    "b": 1\n  }\n}\n'), ["a", "b"]).text).toBe('{\n  "a": {}\n}\n');
  });
});

const anyIndent = fc.constantFrom(undefined, "", "  ", "    ", "\t");
const anyObject = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 });

it("sets what is named in any file, keeps the rest, and takes it away again without a trace", () => {
  fc.assert(
    fc.property(anyObject, anyIndent, fc.string(), fc.jsonValue(), (object, indent, key, value) => {
      fc.pre(!Object.hasOwn(object, key) && key !== "__proto__" && !Object.hasOwn(object, "__proto__"));
      const before = file(`${JSON.stringify(object, undefined, indent)}\n`);

      const after = setIn(before, [key], value as never);

      expect(after.value).toEqual({ ...before.value, [key]: JSON.parse(JSON.stringify(value)) as unknown });
      expect(dropIn(after, [key]).text).toBe(before.text);
    }),
  );
});

describe("what is not edited", () => {
  it.each([
    { name: "no JSON", text: "{a: 1}", says: /is not JSON/ },
    { name: "JSON with comments", text: '{ // mine\n "a": 1 }', says: /has comments/ },
    { name: "JSON with a comma too many", text: '{"a": 1,}', says: /trailing commas/ },
    { name: "a list", text: "[1]", says: /no object/ },
    { name: "a byte order mark", text: '\ufeff{"a": 1}', says: /is not JSON/ },
  ])("$name is refused with what to do", ({ text, says }) => {
    expect(() => file(text)).toThrow(says);
    expect(() => file(text)).toThrow(/^file\.json .*: it is left as it is; mend it, then run the command again$/);
  });

  it.each([
    { name: "a member that is named twice", text: '{"a": {}, "a": {"b": 1}}', says: /has "a" twice/ },
    { name: "a list where an object is to be", text: '{"a": []}', says: /has array where a is to be object/ },
    { name: "a text where an object is to be", text: '{"a": "b"}', says: /has string where a is to be object/ },
  ])("$name is refused with what to do", ({ text, says }) => {
    expect(() => setIn(file(text), ["a", "b"], 1)).toThrow(says);
  });
});

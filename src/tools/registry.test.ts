import { describe, expect, it } from "vitest";
import { INSTRUCTIONS } from "./instructions.ts";
import { REGISTRY, type Selection, selectTools } from "./registry.ts";
import { toolDefinitions } from "./tool-definitions.ts";

const definitions = toolDefinitions(REGISTRY);
const bytes = (value: unknown): number => Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));

function* nodes(schema: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof schema !== "object" || schema === null) return;
  yield schema as Readonly<Record<string, unknown>>;
  for (const value of Object.values(schema)) yield* nodes(value);
}

describe("the tools as they are listed", () => {
  it("are what they were when they were last looked at", async () => {
    await expect(`${JSON.stringify(definitions, undefined, 2)}\n`).toMatchFileSnapshot("__snapshots__/tools.txt");
  });

  it("are the same each time", () => {
    expect(toolDefinitions(REGISTRY)).toEqual(definitions);
  });

  it("stay within what a model reads: 10 KB together, 1 KB a description, 2 KB of instructions, and the whole list within 14 KB", () => {
    const read = definitions.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(bytes(read)).toBeLessThanOrEqual(10_240);
    expect(bytes({ tools: definitions })).toBeLessThanOrEqual(14_336);
    expect(bytes(INSTRUCTIONS)).toBeLessThan(2_048);
    for (const { description } of definitions) expect(bytes(description)).toBeLessThan(1_024);
  });

  it.each(definitions)(
    "$name is named, annotated and schematised as every host can read it",
    ({ name, title, annotations, inputSchema, outputSchema }) => {
      expect(name).toMatch(/^[a-z][a-z_]{2,23}$/);
      expect(title).not.toBe("");
      expect(Object.keys(annotations).toSorted()).toEqual(["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"]);
      expect(annotations.openWorldHint).toBe(false);
      expect(annotations.readOnlyHint && annotations.destructiveHint).toBe(false);
      expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(outputSchema.type).toBe("object");
      expect("additionalProperties" in outputSchema || "required" in outputSchema).toBe(false);
      for (const schema of [inputSchema, outputSchema]) {
        expect("anyOf" in schema || "oneOf" in schema || "allOf" in schema).toBe(false);
        expect([...nodes(schema)].some((node) => "$ref" in node || "$defs" in node || "$schema" in node)).toBe(false);
      }
    },
  );

  it("bound every text and list that they take", () => {
    const taken = definitions.flatMap(({ inputSchema }) => [...nodes(inputSchema)]);
    const texts = taken.filter((node) => node["type"] === "string" && !("enum" in node));
    const lists = taken.filter((node) => node["type"] === "array");

    expect([texts.length > 10, lists.length > 2]).toEqual([true, true]);
    expect(texts.filter((node) => !("maxLength" in node))).toEqual([]);
    expect(lists.filter((node) => !("maxItems" in node))).toEqual([]);
  });

  it("say everywhere what a result always carries", () => {
    for (const { outputSchema } of definitions) expect(outputSchema).toMatchObject({ properties: { workspace_dir: {}, session_id: {} } });
  });
});

describe("choosing tools", () => {
  const all = REGISTRY.map((tool) => tool.name);
  const reading = ["who_is_working", "check_overlap", "get_file_state"];
  it.each<{ name: string; selection: Selection; gives: string[] }>([
    { name: "everything by default", selection: {}, gives: all },
    { name: "a profile", selection: { profile: ["core"] }, gives: all },
    {
      name: "single tools, in the registry's order",
      selection: { tools: ["yield_task", "begin_task"] },
      gives: ["begin_task", "yield_task"],
    },
    { name: "a profile and a tool of it", selection: { profile: ["core"], tools: ["begin_task"] }, gives: all },
    { name: "all but some", selection: { excludeTools: ["submit_change"] }, gives: all.filter((name) => name !== "submit_change") },
    { name: "only what reads, whatever else is asked", selection: { readOnly: true, tools: ["begin_task", ...reading] }, gives: reading },
    { name: "nothing that is excluded and asked for", selection: { tools: ["begin_task"], excludeTools: ["begin_task"] }, gives: [] },
  ])("gives $name", ({ selection, gives }) => {
    const chosen = selectTools(selection);

    expect("tools" in chosen && chosen.tools.map((tool) => tool.name)).toEqual(gives);
  });

  it.each<{ selection: Selection; says: string }>([
    { selection: { profile: ["lanes"] }, says: 'there is no profile "lanes"; the profiles are core' },
    { selection: { tools: ["begin"] }, says: 'there is no tool "begin"; the tools are who_is_working, begin_task' },
    { selection: { excludeTools: ["x"] }, says: 'there is no tool "x"' },
  ])("says which name there is not: $says", ({ selection, says }) => {
    const chosen = selectTools(selection);

    expect("refused" in chosen && chosen.refused).toContain(says);
  });
});

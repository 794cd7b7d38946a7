import { describe, expect, it } from "vitest";
import { REGISTRY } from "./registry.ts";
import { type Selection, select } from "./selection.ts";

describe("choosing tools", () => {
  const of = (...profiles: string[]) => REGISTRY.filter((tool) => profiles.includes(tool.profile)).map((tool) => tool.name);
  const usual = of("core", "lanes");
  const reading = ["who_is_working", "check_overlap", "get_file_state"];
  it.each<{ name: string; selection: Selection; gives: string[] }>([
    { name: "core and lanes by default", selection: {}, gives: usual },
    { name: "a profile", selection: { profile: ["lanes"] }, gives: of("lanes") },
    { name: "several profiles", selection: { profile: ["peers", "core"] }, gives: of("core", "peers") },
    {
      name: "single tools, in the registry's order",
      selection: { tools: ["yield_task", "begin_task"] },
      gives: ["begin_task", "yield_task"],
    },
    { name: "a profile and a tool besides", selection: { profile: ["core"], tools: ["claim_lane"] }, gives: [...of("core"), "claim_lane"] },
    { name: "all but some", selection: { excludeTools: ["submit_change"] }, gives: usual.filter((name) => name !== "submit_change") },
    { name: "only what reads, whatever else is asked", selection: { readOnly: true, tools: ["begin_task", ...reading] }, gives: reading },
    { name: "what reads of the usual", selection: { readOnly: true }, gives: [...reading, "read_messages", "get_bus_status"] },
    { name: "nothing that is excluded and asked for", selection: { tools: ["begin_task"], excludeTools: ["begin_task"] }, gives: [] },
  ])("gives $name", ({ selection, gives }) => {
    const chosen = select(REGISTRY, selection);

    expect("tools" in chosen && chosen.tools.map((tool) => tool.name)).toEqual(gives);
  });

  it.each<{ selection: Selection; says: string }>([
    { selection: { profile: ["lane"] }, says: 'there is no profile "lane"; the profiles are core, lanes, peers' },
    { selection: { tools: ["begin"] }, says: 'there is no tool "begin"; the tools are who_is_working, begin_task' },
    { selection: { excludeTools: ["x"] }, says: 'there is no tool "x"' },
  ])("says which name there is not: $says", ({ selection, says }) => {
    const chosen = select(REGISTRY, selection);

    expect("refused" in chosen && chosen.refused).toContain(says);
  });
});

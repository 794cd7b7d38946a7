/** The tools that a request chooses, by its address and by its headers: what either leaves out is out, and read-only stands above all. */
import type { Selection } from "../../tools/selection.ts";

export function selectionIn(request: Pick<Request, "url" | "headers">): Selection {
  const { url, headers } = request;
  const query = url.includes("?") ? new URL(url).searchParams : NO_QUERY;
  const namesIn = (given: string | null): readonly string[] => given?.split(",").flatMap((name) => name.trim() || []) ?? [];
  const profile = namesIn(query.get("profile") ?? headers.get("x-mcp-profile"));
  const tools = namesIn(query.get("tools") ?? headers.get("x-mcp-tools"));
  const excluded = [...namesIn(query.get("exclude_tools")), ...namesIn(headers.get("x-mcp-exclude-tools"))];
  const readOnly = isOn(query.get("read_only")) || isOn(headers.get("x-mcp-readonly"));
  return {
    ...(profile.length === 0 ? {} : { profile }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(excluded.length === 0 ? {} : { excludeTools: excluded }),
    ...(readOnly ? { readOnly } : {}),
  };
}

const NO_QUERY = new URLSearchParams();

/** There, and not said to be off. */
function isOn(value: string | null): boolean {
  return value !== null && !["0", "false", "no"].includes(value.trim().toLowerCase());
}

/** How a conflict was found, where something compared meanings to find it (SPEC 17.7.1). */
import * as z from "zod";

const SemanticMatch = z.looseObject({
  kind: z.literal("semantic_match"),
  match_type: z.string().nullable().optional(),
  confidence: z.number().nullable().optional(),
});

/** What is less sure than this is uncertain, whatever it is called. */
const SURE = 0.7;

/** Whether a report says itself that it may be wrong; one that says nothing readable of how it was found does not. */
export function isUncertain(basis: unknown): boolean {
  const read = SemanticMatch.safeParse(basis);
  return read.success && (read.data.match_type === "uncertain" || (read.data.confidence ?? 0) < SURE);
}

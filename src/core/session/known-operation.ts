/** What is answered about an operation id that is known already. */
import { refuse } from "../verdict.ts";
import type { Refusal } from "./grounds.ts";
import type { Operation } from "./state/operations.ts";

export function takenRefusal({ id }: Pick<Operation, "id">): Refusal {
  return refuse("id/taken", `operation id ${id} is in use; choose another`);
}

/** Why what was proposed waits no more, or waits for something else than its commit. */
export function unproposedRefusal({ id, state: as, intent }: Operation): Refusal {
  if (as === "FROZEN") return refuse("intent/suspended", `operation ${id} is FROZEN until its intent ${intent} is active again`);
  return refuse("operation/not-proposed", `operation ${id} is ${as}, not PROPOSED; propose the change under another id`, { state: as });
}

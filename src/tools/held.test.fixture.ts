/** A task as the small session of the tools' tests keeps it, and as it is seen from outside. */
import type { IntentView, OperationView } from "../wire/query/views.ts";

export interface HeldIntent extends IntentView {
  readonly files: readonly string[];
  readonly fence: number;
  readonly operations: OperationView[];
  state: string;
  superseded_by?: string;
  ending?: { readonly end_reason: string };
}

export const isLive = (intent: HeldIntent) => intent.state === "ACTIVE" || intent.state === "SUSPENDED";

export function viewOf({ files, fence, operations, superseded_by, ending, ...view }: HeldIntent): IntentView {
  void [files, fence, operations, superseded_by, ending];
  return view;
}

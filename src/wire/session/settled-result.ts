/** What an accepted command gives its sender beyond the events (wire: `extensions.signalbox.ack`). */
import type { JsonObject } from "../json.ts";

export interface SettledResult {
  /** The announcement waits; when it begins its owner hears of it by itself. */
  readonly waiting?: {
    readonly deferral_id: string;
    readonly intent_id: string;
    /** Until when its place is kept, unless it is asked for again. */
    readonly expires_at_ms: number;
    /** How many others wait for a part of the scope and come first. */
    readonly ahead: number;
    /** Some of the active intents in its way, as a refusal names them, and how many there are. */
    readonly holders: readonly JsonObject[];
    readonly holder_count: number;
  };
  readonly fence?: number;
  readonly conflicts?: readonly string[];
  readonly superseded?: readonly string[];
  /** Conflicts that a part of the announced scope is frozen for. */
  readonly frozen?: readonly string[];
  readonly escalated_to?: string;
  readonly resolution_id?: string;
}

/** How the coordinator words the end of a freeze: one that nobody lifted (SPEC 18.6.2.1), and one that nobody needs any more. */
export const PHASE_3 = "frozen_scope_progressive_fallback_phase_3";
export const FALLBACK = "frozen_scope_fallback";

/** Under `extensions.signalbox.freeze` of the PROTOCOL_ERROR that tells of the latter. */
export const OVER = "over";

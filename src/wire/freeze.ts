/** How the coordinator words the end of a freeze that nobody lifted (SPEC 18.6.2.1). */
export const PHASE_3 = "frozen_scope_progressive_fallback_phase_3";
export const FALLBACK = "frozen_scope_fallback";

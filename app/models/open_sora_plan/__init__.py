"""Open-Sora-Plan 1.1: T5, LatteT2V and CausalVAE, loaded from the published checkpoints."""

"""Open-Sora 1.2: text encoder, STDiT3-XL/2 and VAE 1.2, loaded from the published checkpoints."""

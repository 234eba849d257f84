"""Video models of the diffusers library: their own pipelines, paused after every step, a cache at their blocks."""

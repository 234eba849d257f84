"""VBench, the benchmark of video generators: its prompts, videos laid out for it, and its scores read back."""

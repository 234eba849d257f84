"""The Codebook Lab: one panel, what its scripts ask the server, and the runs it starts."""

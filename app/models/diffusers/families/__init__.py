"""Families of diffusers' video pipelines: one file a family, which registers it and its published models."""

"""Quality metrics, one file each; a file here registers itself (app/metrics/registry.py)."""

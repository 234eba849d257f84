"""The Compare room: a measured comparison of methods, and the paper's FLOPs beside ours."""

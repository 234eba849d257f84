"""More than one process: sequence parallelism of one video under torchrun, and many jobs on a Ray cluster."""

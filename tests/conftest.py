"""Settings of every test."""

import torch

# The tests' models are tiny: a second thread gains nothing and, on a busy machine, waits for its core.
torch.set_num_threads(1)

"""Where Open-Sora 1.2 is published, what of it is needed, and where else a user may keep it."""

from app.models.networks.t5 import T5_XXL
from app.models.runtime.weights import Repository

TRANSFORMER = Repository("hpcai-tech/OpenSora-STDiT-v3", ("config.json", "model.safetensors"), 4_830_000_000)
VAE = Repository("hpcai-tech/OpenSora-VAE-v1.2", ("config.json", "model.safetensors"), 1_573_000_000)
REPOSITORIES = (T5_XXL, TRANSFORMER, VAE)
FOLDER_VARIABLE = "OPEN_SORA_FOLDER"  # a local folder with the repositories as subfolders, instead of the Hub

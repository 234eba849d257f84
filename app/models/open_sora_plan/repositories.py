"""Where Open-Sora-Plan 1.1 is published, what of it is needed, and where else a user may keep it."""

from app.models.networks.t5 import T5_XXL
from app.models.runtime.weights import Repository

TRANSFORMER, VAE = "65x512x512", "vae"  # folders
WEIGHTS = "diffusion_pytorch_model.safetensors"
MODEL = Repository(
    "LanguageBind/Open-Sora-Plan-v1.1.0",
    tuple(f"{folder}/{file}" for folder in (TRANSFORMER, VAE) for file in ("config.json", WEIGHTS)),
    5_250_000_000,
)
REPOSITORIES = (T5_XXL, MODEL)
FOLDER_VARIABLE = "OPEN_SORA_PLAN_FOLDER"  # a local folder with the repositories as subfolders, instead of the Hub

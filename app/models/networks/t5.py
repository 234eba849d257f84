"""T5 v1.1 XXL, the text encoder of Open-Sora 1.2 and Open-Sora-Plan 1.1, over 300 tokens of a cleaned caption."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from app.models.runtime.weights import Repository, WeightsError

MAX_WORDS = 300
T5_XXL = Repository(
    "DeepFloyd/t5-v1_1-xxl",
    (
        "config.json",
        "spiece.model",
        "model.safetensors.index.json|pytorch_model.bin.index.json|model.safetensors|pytorch_model.bin",
        "*.safetensors|*.bin",
    ),
    19_050_000_000,
)
T5_XXL_PARAMETERS = 4_762_310_656  # of the encoder
PACKAGES = ("transformers", "sentencepiece")


@dataclass(frozen=True)
class Tokens:
    """A caption as T5 reads it; `cut` is the text that did not fit."""

    ids: Tensor  # (1, max_words), long
    mask: Tensor  # (1, max_words), 1 where a token counts
    cut: str


class Tokenizer:
    """SentencePiece pieces, an end mark, and padding to a fixed length."""

    def __init__(self, file: Path, max_words: int = MAX_WORDS):
        from sentencepiece import SentencePieceProcessor  # so that a model without it can say what is missing

        try:
            self.pieces = SentencePieceProcessor(model_file=str(file))
        except RuntimeError:
            raise WeightsError(f"{file} is truncated or damaged; delete it and download it again") from None
        self.max_words = max_words

    def __call__(self, caption: str) -> Tokens:
        pieces = self.pieces.encode(caption)
        kept, rest = pieces[: self.max_words - 1], pieces[self.max_words - 1 :]
        ids = [*kept, self.pieces.eos_id()]
        padding = self.max_words - len(ids)
        return Tokens(
            ids=torch.tensor([ids + [self.pieces.pad_id()] * padding]),
            mask=torch.tensor([[1] * len(ids) + [0] * padding]),
            cut=self.pieces.decode(rest),
        )


def load_text_encoder(folder: Path, *, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """A T5 encoder from a folder in transformers' layout; names that do not fit are a WeightsError.

    Upstream runs it in float32; here it runs in `dtype`, bfloat16 on a GPU, which halves its 19 GB.
    """
    from transformers import T5EncoderModel  # three seconds of import, for this alone
    from transformers.utils import logging

    logging.disable_progress_bar()
    loaded: Any = T5EncoderModel.from_pretrained(
        folder, dtype=dtype, local_files_only=True, output_loading_info=True
    )
    encoder, info = loaded
    odd = sorted({*info["missing_keys"], *info["unexpected_keys"], *map(str, info["mismatched_keys"])})
    if odd:
        raise WeightsError(f"{folder} does not fit T5EncoderModel: first differing names {', '.join(odd[:3])}")
    ready: nn.Module = encoder.to(device).eval().requires_grad_(False)
    return ready


def encode(encoder: nn.Module, tokens: Tokens) -> Tensor:
    """Embeddings (1, 1, max_words, width) of a caption, on the encoder's device."""
    device = next(encoder.parameters()).device
    with torch.inference_mode():
        output = encoder(input_ids=tokens.ids.to(device), attention_mask=tokens.mask.to(device))
    return output.last_hidden_state[:, None]


def parameters(config: dict[str, Any]) -> int:
    """Parameters of a T5 v1.1 encoder, from its config.json."""
    width, heads = config["d_model"], config["num_heads"]
    attention = 4 * width * heads * config["d_kv"]
    layer = attention + 3 * width * config["d_ff"] + 2 * width
    positions = config.get("relative_attention_num_buckets", 32) * heads
    return config["vocab_size"] * width + config["num_layers"] * layer + positions + width

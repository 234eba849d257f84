"""A checkpoint of Open-Sora 1.2 in the published layout, small enough for tests.

Transformer and VAE have the recorded golden weights, the text encoder random ones and a tokenizer of its own.
"""

import json
from functools import cache
from io import BytesIO
from pathlib import Path

import sentencepiece
import torch
from safetensors.torch import save_file

from app.models.size import Size
from tests.golden.result import read_json, read_tensors
from tests.golden.vae12 import published_config
from tests.support.paths import GOLDEN

SIZE = Size(height=64, width=80, frames=17)
WORDS = ("a red fox runs over the snow", "a small dog sails a blue ship", "aesthetic score: 6.5.")


def write_checkpoint(folder: Path) -> Path:
    """Write all three repositories below `folder`."""
    write_transformer(folder / "OpenSora-STDiT-v3")
    write_vae(folder / "OpenSora-VAE-v1.2")
    write_text_encoder(folder / "t5-v1_1-xxl")
    return folder


def write_transformer(folder: Path) -> None:
    """STDiT3 at hidden size 64 and depth 4."""
    folder.mkdir(parents=True)
    weights = GOLDEN / "stdit3_tiny_weights.json"
    (folder / "config.json").write_text(json.dumps({"model_type": "STDiT3", **read_json(weights)["config"]}))
    save_file(read_tensors(weights), folder / "model.safetensors")


def write_vae(folder: Path) -> None:
    """Both recorded halves of the shrunk VAE; config.json has the published keys, and the sizes beside them."""
    folder.mkdir(parents=True)
    halves = [GOLDEN / f"vae12_{half}.json" for half in ("decode", "encode")]
    config = {"model_type": "VideoAutoencoderPipeline", **published_config(read_json(halves[0]))}
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {name: value for half in halves for name, value in read_tensors(half).items()}
    weights = {name[2:]: value.contiguous() for name, value in tensors.items() if name.startswith("w.")}
    save_file(weights, folder / "model.safetensors")


def write_text_encoder(folder: Path) -> None:
    """A T5 v1.1 encoder of width 32 in two .bin shards, as DeepFloyd's is published."""
    from transformers import T5Config, T5EncoderModel

    folder.mkdir(parents=True)
    (folder / "spiece.model").write_bytes(tokenizer())
    torch.manual_seed(0)
    config = T5Config(  # type: ignore[call-arg]  # its stubs lack tie_word_embeddings
        vocab_size=128,
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )
    config.save_pretrained(folder)
    weights = T5EncoderModel(config).state_dict()
    place = {name: f"pytorch_model-0000{1 + i % 2}-of-00002.bin" for i, name in enumerate(weights)}
    for shard in set(place.values()):
        torch.save({name: value for name, value in weights.items() if place[name] == shard}, folder / shard)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": place}))


@cache
def tokenizer() -> bytes:
    """A SentencePiece model with T5's special pieces: padding 0, end 1, unknown 2."""
    model = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(WORDS * 5),
        model_writer=model,
        vocab_size=60,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        hard_vocab_limit=False,
        num_threads=1,
        user_defined_symbols=["aesthetic", "score:", "6.5."],
        minloglevel=2,
    )
    return model.getvalue()

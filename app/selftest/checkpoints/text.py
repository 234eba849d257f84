"""A small T5 text encoder with random weights, and tokenizers of a few words: SentencePiece's, Llama's, CLIP's."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import sentencepiece
import torch

if TYPE_CHECKING:
    from transformers import CLIPTokenizer, PreTrainedTokenizerFast

WORDS = ("a red fox runs over the snow", "a small dog sails a blue ship", "aesthetic score: 6.5.")


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


def word_tokenizer() -> "PreTrainedTokenizerFast":
    """One token a word; stands for Llama's, whose prompts are part of a longer instruction."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<unk>", "<pad>", *sorted({word for line in WORDS for word in line.split()})]
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", pad_token="<pad>")


def byte_tokenizer() -> "CLIPTokenizer":
    """CLIP's without merges: a token a byte."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])

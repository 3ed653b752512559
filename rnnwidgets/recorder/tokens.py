"""The token axis: which ids the recurrent layer reads, and their text.

Ids are taken where they are seen: as the input of an `nn.Embedding` or as an integer argument of the model, if their
shape is that of the layer's input. An id that the vocabulary lacks is shown as `?id`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from rnnwidgets.errors import RecordingError

Vocabulary = Sequence[str] | Mapping[int, str] | Callable[[int], str]

_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def decoder(vocabulary: object) -> Callable[[int], str]:
    """Return id -> text for a list, a mapping or a callable.

    Raises:
        RecordingError: the vocabulary is none of those, or maps words to ids.
    """
    if isinstance(vocabulary, Mapping):
        _refuse_inverse(vocabulary)
        look_up: Callable[[int], object] = vocabulary.__getitem__
    elif isinstance(vocabulary, Sequence) and not isinstance(vocabulary, (str, bytes)):
        look_up = _item_of(vocabulary)
    elif callable(vocabulary):
        look_up = vocabulary
    else:
        raise RecordingError(
            "decode",
            expected="a list, a mapping or a callable from id to text",
            found=type(vocabulary).__name__,
            remedy="pass for example the list of words, in the order of their ids",
        )

    def decode(token: int) -> str:
        try:
            return str(look_up(token))
        except (LookupError, ValueError):
            return f"?{token}"

    return decode


def _item_of(words: Sequence[object]) -> Callable[[int], object]:
    def look_up(token: int) -> object:
        if token < 0:
            raise IndexError(token)
        return words[token]

    return look_up


def _refuse_inverse(vocabulary: Mapping[object, object]) -> None:
    for key, value in vocabulary.items():
        if isinstance(key, str) and isinstance(value, int):
            raise RecordingError(
                "decode",
                expected="a mapping from id to word",
                found=f"one from word to id ({key!r}: {value})",
                remedy="pass {i: word for word, i in vocabulary.items()}",
            )
        return


def is_tokens(value: object) -> bool:
    """Tell whether a value may be token ids."""
    return isinstance(value, Tensor) and value.dtype in _INTEGERS

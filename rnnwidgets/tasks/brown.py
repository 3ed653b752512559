"""The words of the Brown corpus as one stream of token ids, cut into batches for a language model.

Shapes: tokens (N,) int64; batches x, y (T, B) int64; T = time, B = sample. The words are those of NLTK's
`brown.words()`: `brown.raw()` is text with a part-of-speech tag on every word, and splitting it yields tags for tokens.
The corpus is for non-commercial use and is not part of this package: it is read where NLTK finds it, or downloaded by
NLTK once.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

_DOWNLOAD_SECONDS = 90.0
_DOWNLOAD = "import sys, nltk; nltk.download('brown', sys.argv[1], quiet=True, raise_on_error=True)"


class CorpusUnavailable(LookupError):  # noqa: N818 (says what is the case, as in the sentence that it carries)
    """The Brown corpus is neither on disk nor to be downloaded; `paths` and `reason` say where and why."""

    def __init__(self, paths: Sequence[str], reason: str) -> None:
        super().__init__(
            f"the Brown corpus is in none of NLTK's folders ({', '.join(paths)}) and downloading it failed ({reason}): "
            "run `python -m nltk.downloader brown` where there is a network, or set NLTK_DATA to a folder that holds "
            "corpora/brown.zip"
        )
        self.paths = tuple(paths)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Corpus:
    """A stream of token ids and the words they stand for; `brown` makes it.

    `vocabulary` holds "<unk>" at id 0, then the words by falling frequency (ties in alphabetical order); `tokens` is
    the whole text, (N,) int64; `length` and `batch` are the T and B of `batches`.
    """

    vocabulary: list[str] = field(repr=False)
    tokens: Tensor = field(repr=False)
    length: int
    batch: int

    @property
    def batches_per_epoch(self) -> int:
        """How many batches one pass over the text gives; what is left over at the end is not used."""
        return (len(self.tokens) - 1) // self.batch // self.length

    def batches(self, epochs: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches (x, y), each (T, B) int64, y one word ahead of x, in the same order every time.

        The text is cut into B contiguous streams; batch k holds times kT to kT + T of each, so sample b of one batch
        goes on where sample b of the batch before it ended.
        """
        stream = (len(self.tokens) - 1) // self.batch
        x = self.tokens[: self.batch * stream].view(self.batch, stream).t()
        y = self.tokens[1 : self.batch * stream + 1].view(self.batch, stream).t()
        for _ in range(epochs):
            for k in range(self.batches_per_epoch):
                times = slice(k * self.length, (k + 1) * self.length)
                yield x[times].contiguous(), y[times].contiguous()


def brown(*, vocabulary: int = 10_000, length: int = 35, batch: int = 32) -> Corpus:
    """The Brown corpus, 1 161 192 words, lower-cased, the rarer ones as "<unk>".

    `vocabulary` counts the ids, "<unk>" among them; `length` and `batch` are the T and B of the batches. Lower-casing
    gives one id to a word wherever it stands in its sentence. The corpus is looked for in NLTK's folders, then
    downloaded (3 MB) into the first one that can be written.

    Raises ValueError for a vocabulary below 2, a length or batch below 1, or batches larger than the text; ImportError
    without nltk; CorpusUnavailable, a LookupError, without the corpus.

    Source: Francis and Kucera (1964), A Standard Corpus of Present-Day Edited American English, through NLTK.
    """
    if vocabulary < 2:
        raise ValueError(f'vocabulary must be at least 2, "<unk>" and one word, but is {vocabulary}')
    if length < 1:
        raise ValueError(f"length must be at least 1 time, but is {length}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1 sequence, but is {batch}")
    words = [word.lower() for word in _words()]
    if length * batch >= len(words):
        raise ValueError(
            f"length x batch must be less than the {len(words)} words of the corpus, but is {length * batch}"
        )
    return _corpus(words, vocabulary, length, batch)


def _corpus(words: Sequence[str], vocabulary: int, length: int, batch: int) -> Corpus:
    ranked = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    names = ["<unk>", *(word for word, _ in ranked[: vocabulary - 1])]
    ids = {word: k for k, word in enumerate(names)}
    return Corpus(names, torch.tensor([ids.get(word, 0) for word in words]), length, batch)


def _words() -> Sequence[str]:
    try:
        import nltk
    except ImportError as error:
        raise ImportError('rnnwidgets.tasks.brown needs nltk: pip install "rnnwidgets[text]"', name="nltk") from error
    corpus = nltk.corpus.brown
    try:
        corpus.ensure_loaded()
    except LookupError:
        _download(nltk.data.path, nltk.downloader.Downloader().default_download_dir())
        corpus.ensure_loaded()
    words: Sequence[str] = corpus.words()
    return words


def _download(paths: Sequence[str], folder: str) -> None:
    """Put brown.zip into `folder`, or leave it as it was.

    NLTK's downloader runs in a process of its own: on a silent network it can wait for minutes, a thread could not be
    stopped, and a process that is stopped leaves half a file in no place but its own.
    """
    corpora = Path(folder) / "corpora"
    try:
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(  # noqa: S603 (this Python, our own line)
                [sys.executable, "-c", _DOWNLOAD, scratch],
                check=True,
                capture_output=True,
                text=True,
                timeout=_DOWNLOAD_SECONDS,
            )
            corpora.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(scratch) / "corpora" / "brown.zip", corpora / "brown.zip")
    except subprocess.CalledProcessError as error:
        raise CorpusUnavailable(paths, error.stderr.strip().rpartition("\n")[2]) from error
    except subprocess.TimeoutExpired as error:
        raise CorpusUnavailable(paths, f"no answer within {_DOWNLOAD_SECONDS:.0f} seconds") from error
    except OSError as error:
        raise CorpusUnavailable(paths, str(error)) from error

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
from pathlib import Path
from typing import TYPE_CHECKING

from rnnwidgets.tasks.bounds import at_least
from rnnwidgets.tasks.corpus import UNKNOWN, Corpus, check, encoded, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def brown(*, vocabulary: int = 10_000, length: int = 35, batch: int = 32) -> Corpus:
    """The Brown corpus, 1 161 192 words, lower-cased, the rarer ones as "<unk>".

    `vocabulary` counts the ids, "<unk>" among them; `length` and `batch` are the T and B of the batches. Lower-casing
    gives one id to a word wherever it stands in its sentence. The corpus is looked for in NLTK's folders, then
    downloaded (3 MB) into the first one that can be written.

    Raises ValueError for a vocabulary below 2, a length or batch below 1, or batches larger than the text; ImportError
    without nltk; CorpusUnavailable, a LookupError, without the corpus.

    Source: Francis and Kucera (1964), A Standard Corpus of Present-Day Edited American English, through NLTK.
    """
    at_least("vocabulary", vocabulary, 2, 'ids, "<unk>" and one word')
    check(length, batch)
    words = [word.lower() for word in _words()]
    return encoded(words, [UNKNOWN, *ranked(words)[: vocabulary - 1]], length, batch)


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

"""Data and small models for lessons and tests: long memories, grammars, texts, and what published results expect.

Shapes: (T, B) token ids, (T, B, feature) numbers; T = time, B = sample, V = vocabulary.
"""

from rnnwidgets.tasks.adding import adding
from rnnwidgets.tasks.brown import CorpusUnavailable, brown
from rnnwidgets.tasks.characters import characters
from rnnwidgets.tasks.copy_memory import COPY_SYMBOLS, copy_baseline, copy_memory
from rnnwidgets.tasks.corpus import Corpus
from rnnwidgets.tasks.expected import Band, Verdict, expected
from rnnwidgets.tasks.models import AddingModel, LanguageModel, SymbolModel, set_forget_bias
from rnnwidgets.tasks.reber import REBER_SYMBOLS, ReberBatch, reber, reber_legality
from rnnwidgets.tasks.temporal_order import ORDER_SYMBOLS, temporal_order

__all__ = [
    "COPY_SYMBOLS",
    "ORDER_SYMBOLS",
    "REBER_SYMBOLS",
    "AddingModel",
    "Band",
    "Corpus",
    "CorpusUnavailable",
    "LanguageModel",
    "ReberBatch",
    "SymbolModel",
    "Verdict",
    "adding",
    "brown",
    "characters",
    "copy_baseline",
    "copy_memory",
    "expected",
    "reber",
    "reber_legality",
    "set_forget_bias",
    "temporal_order",
]

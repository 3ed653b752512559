"""Data and small models for lessons and tests: the Brown corpus, the adding problem, and a model for each.

Shapes: (T, B) token ids, (T, B, feature) numbers; T = time, B = sample, V = vocabulary.
"""

from rnnwidgets.tasks.adding import adding
from rnnwidgets.tasks.brown import Corpus, CorpusUnavailable, brown
from rnnwidgets.tasks.models import AddingModel, LanguageModel

__all__ = ["AddingModel", "Corpus", "CorpusUnavailable", "LanguageModel", "adding", "brown"]

"""Characters of a text as one stream of ids: a story that a small grammar tells without end, or the user's own file.

Shapes: tokens (N,) int64; batches x, y (T, B) int64; T = time, B = sample. The story is generated, so it needs no
download and belongs to nobody. It is made to hold what a unit can track: speech in quotation marks, remarks in brackets
that may hold a second pair, lines that end near a fixed width, names whose pronoun must follow.
"""

from __future__ import annotations

import random
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from rnnwidgets.tasks.bounds import at_least
from rnnwidgets.tasks.corpus import Corpus, check, encoded, ranked

if TYPE_CHECKING:
    import os

_WIDTH = 60
_SENTENCES = range(3, 9)
_PEOPLE = {
    "she": ["Ada", "Clara", "Edith", "Grace", "Ida", "Mary", "Nora", "Ruth", "the captain", "the old queen"],
    "he": ["Bertram", "David", "Felix", "Henry", "Jonas", "Otto", "Peter", "Walter", "the baker", "the young king"],
    "they": ["the children", "the fishermen", "the gardeners", "the sailors", "two strangers", "the neighbours"],
}
_LEXICON = {
    "quality": "bright, broken, cold, crooked, dark, distant, dusty, empty, forgotten, gentle, golden, heavy, "
    "hidden, hollow, little, lonely, narrow, old, patient, quiet, red, silver, slow, small, strange, "
    "tall, thin, tired, warm, wet, white, wild, wooden, yellow, young",
    "thing": "apple, bell, bird, boat, book, box, bridge, candle, castle, clock, cloud, coat, door, dream, "
    "field, fire, flower, forest, garden, gate, hill, horse, house, island, key, lamp, letter, map, "
    "market, mirror, moon, mountain, orchard, path, picture, river, road, rose, sea, ship, shore, "
    "song, star, stone, storm, street, table, tower, tree, valley, village, wall, wheel, wind, "
    "window, winter",
    "place": "above, across, behind, below, beside, beyond, near, over, through, under",
    "act": "carried, counted, drew, dropped, followed, found, forgot, guarded, heard, held, hid, kept, "
    "lifted, lost, mended, missed, opened, painted, passed, praised, reached, remembered, saw, "
    "searched, shut, sold, sought, touched, turned, watched, wanted",
    "move": "climbed, danced, fell, hurried, rested, ran, sang, sat, slept, smiled, stood, waited, walked, "
    "wandered, wept",
    "say": "answered, asked, cried, murmured, replied, said, shouted, whispered",
    "time": "after the rain, at dawn, at first, before long, every evening, in the morning, later, long ago, "
    "on the third day, once, one night, since then, that summer, when the bell rang",
    "join": "and, but, so, yet, while, because, until, as",
}
_WORDS = {kind: words.split(", ") for kind, words in _LEXICON.items()}


def characters(
    path: str | os.PathLike[str] | None = None,
    *,
    count: int = 200_000,
    length: int = 64,
    batch: int = 50,
    seed: int = 0,
) -> Corpus:
    """The characters of a generated story, or of the UTF-8 text file at `path`, as a `Corpus`.

    `count` is how many characters are used, of a file at most; `length` and `batch` are the T and B of the batches;
    `seed` chooses the story, and is not used for a file. The vocabulary holds the characters by falling frequency.

    Raises ValueError for a count, length or batch below 1, batches larger than the text, or a file that is not UTF-8;
    OSError if the file cannot be read.
    """
    at_least("count", count, 1, "character")
    check(length, batch)
    text = story(count, seed=seed) if path is None else Path(path).read_text(encoding="utf-8")[:count]
    return encoded(text, ranked(text), length, batch)


def story(count: int, *, seed: int = 0) -> str:
    """The first `count` characters of a story, the same ones for the same seed: paragraphs of lines of at most 60."""
    teller = _Teller(random.Random(seed))  # noqa: S311 (a story, not a secret)
    paragraphs: list[str] = []
    told = 0
    while told < count:
        paragraphs.append(textwrap.fill(teller.paragraph(), _WIDTH))
        told += len(paragraphs[-1]) + 2
    return "\n\n".join(paragraphs)[:count]


class _Teller:
    """Makes sentences; it knows who is spoken of, so that the pronoun agrees."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.pronoun = "she"

    def paragraph(self) -> str:
        return " ".join(self.sentence() for _ in range(self.chance.choice(_SENTENCES)))

    def sentence(self) -> str:
        start = f"{self.word('time')}, " if self.chance.random() < 0.4 else ""
        if self.chance.random() < 0.35:
            return self.speech(start)
        text = start + self.clause()
        if self.chance.random() < 0.45:
            text += f", {self.word('join')} {self.clause(known=True)}"
        if self.chance.random() < 0.3:
            text += f" {self.remark()}"
        return _capital(text) + "."

    def speech(self, start: str) -> str:
        said = self.clause()
        if self.chance.random() < 0.4:
            said += f", {self.word('join')} {self.clause(known=True)}"
        end = self.chance.choice("...!?")
        return f'{_capital(start + self.person())} {self.word("say")}: "{_capital(said)}{end}"'

    def clause(self, *, known: bool = False) -> str:
        who = self.pronoun if known and self.chance.random() < 0.7 else self.person()
        if self.chance.random() < 0.35:
            return f"{who} {self.word('move')} {self.word('place')} {self.thing()}"
        where = f" {self.word('place')} {self.thing()}" if self.chance.random() < 0.35 else ""
        return f"{who} {self.word('act')} {self.thing()}{where}"

    def remark(self, depth: int = 0) -> str:
        inner = f" {self.remark(depth + 1)}" if depth == 0 and self.chance.random() < 0.3 else ""
        opening, closing = "()" if depth == 0 else "[]"
        return f"{opening}{self.clause(known=True)}{inner}{closing}"

    def word(self, kind: str) -> str:
        return self.chance.choice(_WORDS[kind])

    def person(self) -> str:
        self.pronoun = self.chance.choice(list(_PEOPLE))
        return self.chance.choice(_PEOPLE[self.pronoun])

    def thing(self) -> str:
        adjective = f"{self.word('quality')} " if self.chance.random() < 0.5 else ""
        return f"the {adjective}{self.word('thing')}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

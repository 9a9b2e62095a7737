"""Sentences of rules: a Chinese message id with its values, put into words by whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:
    """Return the text unchanged; the name marks it for the catalogue of translations."""
    return text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A message id and the values of its placeholders; `str()` gives the Chinese."""

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


NOTHING = Sentence("")

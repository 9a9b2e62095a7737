"""Sentences of rules: a Chinese message id with its values, put into words by whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from marketplace.projects.models import SelectionMethod


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

# as notices and letters say it, whatever language their reader has chosen
METHODS = {
    SelectionMethod.DIRECT_PICK: "直接选取",
    SelectionMethod.RANDOM_DRAW: "随机抽取",
    SelectionMethod.PRICE_COMPETITION: "竞价选取",
    SelectionMethod.AVERAGE_PRICE: "均价选取",
}

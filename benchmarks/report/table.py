"""A table, as aligned text or as Markdown. The first column is words, the others figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def as_text(self) -> str:
        widths = [
            max(len(line[place]) for line in [self.columns, *self.rows]) for place in range(len(self.columns))
        ]
        lines = [self._aligned(line, widths) for line in [self.columns, *self.rows]]
        rule = "  ".join("─" * width for width in widths)
        return "\n".join([self.title, "", lines[0], rule, *lines[1:]])

    def as_markdown(self) -> str:
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = ["| " + " | ".join(line) + " |" for line in [self.columns, rule, *self.rows]]
        return "\n".join([f"**{self.title}**", "", *lines])

    @staticmethod
    def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
        first = line[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        return "  ".join([first, *rest]).rstrip()


def shown(figure: float | None) -> str:
    """A figure to about three digits; a dash where there is none."""
    if figure is None:
        return "–"
    for limit, places in ((9.995, 2), (99.95, 1)):
        if abs(figure) < limit:
            return f"{figure:.{places}f}"
    return f"{figure:,.0f}"

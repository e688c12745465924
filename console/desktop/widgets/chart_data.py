"""What a chart over time shows, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from console.desktop.theme.tokens import Tone
from console.domain.clock import from_iso
from console.domain.sizes import format_size
from console.flows.wording import say

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Series:
    """`amounts`: bytes, one for each bucket. Series are stacked in their order."""

    name: str
    tone: Tone
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChartData:
    """`times`: ISO 8601 beginnings of gapless buckets of `span_s` seconds, oldest first."""

    times: tuple[str, ...]
    span_s: int
    series: tuple[Series, ...]

    @property
    def seen(self) -> tuple[Series, ...]:
        """Those that have something to show."""
        return tuple(one for one in self.series if any(one.amounts))

    @property
    def tops(self) -> tuple[int, ...]:
        """Height of each stack, in bytes."""
        return tuple(sum(one.amounts[place] for one in self.series) for place in range(len(self.times)))

    def bucket_text(self, place: int) -> str:
        """What happened in one bucket, in words."""
        begins = from_iso(self.times[place]).astimezone()
        ends = begins + timedelta(seconds=self.span_s)
        if self.span_s >= DAY_S:
            when = begins.strftime("%Y-%m-%d")
        elif ends.date() == begins.date() and self.span_s * len(self.times) <= DAY_S:
            when = f"{begins:%H:%M} – {ends:%H:%M}"
        else:
            when = f"{begins:%Y-%m-%d %H:%M} – {ends:%H:%M}"
        said = [say("{name} {size}", name=one.name, size=format_size(one.amounts[place])) for one in self.seen]
        amounts = [text for text, one in zip(said, self.seen, strict=True) if one.amounts[place]]
        return say("{time}: {amounts}", time=when, amounts=" · ".join(amounts) or say("nothing"))

    def total_text(self, one: Series) -> str:
        """A series and all of its bytes."""
        return say("{name} {size}", name=one.name, size=format_size(sum(one.amounts)))

    def most_text(self) -> str:
        """The highest stack in words."""
        tops = self.tops
        return say("Most: {most}", most=self.bucket_text(max(range(len(tops)), key=tops.__getitem__)))

    def summary(self) -> str:
        """All of it in a sentence, for those who do not see the bars."""
        if not self.seen:
            return say("Nothing happened in this time.")
        sums = ", ".join(self.total_text(one) for one in self.seen)
        return say("In all: {sums}. {most}.", sums=sums, most=self.most_text())

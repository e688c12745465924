"""Retention as people set it: a draft of a policy, judged while it is typed, and what it comes to in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from console.client.client import Client
from console.domain.retention import DEFAULT, EVERYTHING, MOST, Policy, Rule, Span, Unit, build, cuts, parse_policy
from console.domain.retention_answers import MachineRetentionAnswer, RetentionAnswer, RollupAnswer
from console.flows.wording import count, say

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Block:
    """One building block as it is typed. `number`: text, right or wrong; kept while it is not `on`."""

    on: bool
    number: str
    unit: Unit

    @property
    def span(self) -> Span | None:
        """None while it is off, or no number of 1 to `MOST`."""
        text = self.number.strip()
        if not self.on or not text.isdecimal() or not 1 <= int(text) <= MOST:
            return None
        return Span(int(text), self.unit)


@dataclass(frozen=True, slots=True)
class Draft:
    """`own` False: the machine follows the Core. `blocks`: by `Rule`, every one of them."""

    own: bool
    everything: bool
    blocks: Mapping[Rule, Block] = field(default_factory=dict)

    def problems(self) -> dict[Rule, str]:
        """Block → a sentence that says what is wrong with it."""
        if not self.own or self.everything:
            return {}
        return {
            rule: say("“{text}” is no whole number from 1 to {most}.", text=block.number.strip(), most=MOST)
            for rule, block in self.blocks.items()
            if (block.on or rule is Rule.ALL) and block.span is None
        }

    def built(self) -> Policy | None:
        """The policy that is meant; None while something is wrong, or the machine follows the Core."""
        if not self.own or self.problems():
            return None
        if self.everything:
            return Policy(everything=True)
        return build({rule.value: block.span for rule, block in self.blocks.items()})

    def policy(self) -> str | None:
        """As the Core takes it; None: the Core's own. Without problems only."""
        built = self.built()
        return None if built is None else str(built)

    def with_block(self, rule: Rule, block: Block) -> Draft:
        return replace(self, blocks={**self.blocks, rule: block})

    def advice(self) -> dict[Rule, str]:
        """Block → why it does less than it seems; it can be saved all the same."""
        built = self.built()
        if built is None or built.everything:
            return {}
        return {
            rule: _shorter(rule)
            for rule, span in built.blocks()
            if rule in _LEAST_DAYS and _days(span) < _LEAST_DAYS[rule]
        }


_LEAST_DAYS = {Rule.WEEKLY: 7, Rule.MONTHLY: 28, Rule.YEARLY: 365}
_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7, Unit.MONTHS: 30, Unit.YEARS: 365}


def draft_of(answer: RetentionAnswer) -> Draft:
    """What the Core has, as a draft. Blocks that are off keep what a new Core would have there."""
    policy = parse_policy(answer["policy"])
    shown = DEFAULT if policy.everything else policy
    fallback = {Rule.YEARLY: Span(5, Unit.YEARS)}
    blocks = {}
    for rule in Rule:
        span: Span | None = getattr(shown, rule.value)
        seen = span or getattr(DEFAULT, rule.value) or fallback[rule]
        blocks[rule] = Block(span is not None, str(seen.count), seen.unit)
    return Draft(answer["own"], policy.everything, blocks)


def same(one: Draft, other: Draft) -> bool:
    """Whether both mean the same; what is typed wrong never does."""
    if one.own != other.own:
        return False
    return not one.own or (not one.problems() and not other.problems() and one.built() == other.built())


async def all_retentions(client: Client) -> list[MachineRetentionAnswer]:
    """What each machine is kept by, by name. Raises Failed."""
    found: list[MachineRetentionAnswer] = []
    after: str | None = None
    while True:
        page = await client.retentions(limit=PAGE, after=after)
        found += page["machines"]
        after = page["next"]
        if after is None:
            return found


# --- in words


def policy_text(policy: Policy) -> str:
    """A policy in one line."""
    if policy.everything:
        return say("Every point is kept")
    first = say("All of {span}", span=span_text(policy.all))
    return ", ".join([first, *(_then(rule, span) for rule, span in policy.blocks()[1:])])


def span_text(span: Span) -> str:
    number = span.count
    return {
        Unit.DAYS: lambda: count("{n} day", "{n} days", number),
        Unit.WEEKS: lambda: count("{n} week", "{n} weeks", number),
        Unit.MONTHS: lambda: count("{n} month", "{n} months", number),
        Unit.YEARS: lambda: count("{n} year", "{n} years", number),
    }[span.unit]()


def unit_text(unit: Unit) -> str:
    """As it stands behind a number."""
    return {Unit.DAYS: say("days"), Unit.WEEKS: say("weeks"), Unit.MONTHS: say("months"), Unit.YEARS: say("years")}[
        unit
    ]


def rule_text(rule: Rule) -> str:
    """What a block keeps; with a letter to reach it by."""
    return {
        Rule.ALL: say("Keep &all points for"),
        Rule.HOURLY: say("then one an &hour for"),
        Rule.DAILY: say("then one a da&y for"),
        Rule.WEEKLY: say("then one a &week for"),
        Rule.MONTHLY: say("then one a &month for"),
        Rule.YEARLY: say("then one a yea&r for"),
    }[rule]


def reach_text(policy: Policy, now: datetime) -> str:
    """How old the oldest kept point gets."""
    if policy.everything:
        return say("Nothing is ever removed; the repository grows until it is full.")
    days = (now - cuts(policy, now, UTC)[-1][1]).days
    return count(
        "Points get about {n} day old. It is counted back from the newest point, not from today.",
        "Points get about {n} days old. It is counted back from the newest point, not from today.",
        days,
    )


def rollup_text(plan: RollupAnswer) -> str:
    """What a rollup would do, in a sentence."""
    stay = count("{n} point stays", "{n} points stay", plan["points_kept"])
    if not plan["points_removed"]:
        return say("Nothing would go now; {stay}.", stay=stay)
    return count(
        "{n} point would go now; {stay}.", "{n} points would go now; {stay}.", plan["points_removed"], stay=stay
    )


def rollup_details(plan: RollupAnswer) -> list[str]:
    """What is said before it is done."""
    lines = [
        count("{n} recovery point is removed.", "{n} recovery points are removed.", plan["points_removed"]),
        count("{n} recovery point stays.", "{n} recovery points stay.", plan["points_kept"]),
    ]
    if plan["images_reparented"]:
        lines.append(
            count(
                "{n} image will build on the nearest that is kept; nothing that stays loses anything.",
                "{n} images will build on the nearest that is kept; nothing that stays loses anything.",
                plan["images_reparented"],
            )
        )
    held = plan["kept_by"].get("held", 0)
    if held:
        lines.append(count("{n} held point stays whatever its age.", "{n} held points stay whatever their age.", held))
    return [*lines, say("What is removed cannot be brought back from this Core.")]


def reason_word(code: str) -> str:
    """A reason why a point stays, or goes (`domain.retention`: Rule, Keep, Go), in a word or two."""
    known = {
        "all": say("Recent"),
        "hourly": say("Hour"),
        "daily": say("Day"),
        "weekly": say("Week"),
        "monthly": say("Month"),
        "yearly": say("Year"),
        EVERYTHING: say("Everything"),
        "newest": say("Newest"),
        "newest-whole": say("Newest whole"),
        "held": say("Held"),
        "not-whole": say("Not whole"),
        "carries-orphan": say("Carries an orphan"),
        "on-seed": say("On a seed drive"),
        "seed-expected": say("Seed expected"),
        "last-common": say("Last at a target"),
        "awaited": say("A target waits"),
        "in-use": say("In use"),
        "superseded": say("Superseded"),
        "aged": say("Aged"),
    }
    return known.get(code) or code.replace("-", " ").capitalize()


LOCKS = frozenset({"carries-orphan", "on-seed", "seed-expected", "last-common", "awaited", "in-use", "not-whole"})
"""Reasons that are no wish of anybody: something is under way that needs the point."""


def _then(rule: Rule, span: Span) -> str:
    text = span_text(span)
    return {
        Rule.HOURLY: lambda: say("hourly {span}", span=text),
        Rule.DAILY: lambda: say("daily {span}", span=text),
        Rule.WEEKLY: lambda: say("weekly {span}", span=text),
        Rule.MONTHLY: lambda: say("monthly {span}", span=text),
        Rule.YEARLY: lambda: say("yearly {span}", span=text),
    }[rule]()


def _days(span: Span) -> int:
    return span.count * _DAYS[span.unit]


def _shorter(rule: Rule) -> str:
    return {
        Rule.WEEKLY: lambda: say("Shorter than a week: at most one point."),
        Rule.MONTHLY: lambda: say("Shorter than a month: at most one point."),
        Rule.YEARLY: lambda: say("Shorter than a year: at most one point."),
    }[rule]()

"""Damage of a repository, as the command line shows it."""

from __future__ import annotations

from typing import Any

from console.cli.output import amount, when
from console.cli.session import Session
from console.domain.repair_answers import RepairPlan

SHOWN_DAMAGE = 20


def show_damage(session: Session, found: RepairPlan) -> None:
    """What is hurt, and who could mend it."""
    session.output.say(
        f"“{found['name']}”: {amount(found['object_count'], 'damaged object')}, "
        f"{amount(len(found['missing_packs']), 'missing pack')}; {amount(found['image_count'], 'volume image')} hurt."
    )
    for image in found["images"][:SHOWN_DAMAGE]:
        session.output.say(
            f"Hurt: “{image['machine']}” {image['volume']}, point {image['point'][:12]} of {when(image['time'])}: "
            f"restorable: {image['restorability']}"
        )
    for source in found["sources"]:
        name = f"{source['kind']} {source['name']}".strip()
        if source["problem"] is not None:
            session.output.say(f"Cannot be used: {name}: {source['problem']['message']}")
        elif source["objects"] is None:
            session.output.say(f"May help: {name}")
        else:
            session.output.say(f"Has {source['objects']} of {found['object_count']}: {name}")


def show_repair(session: Session, result: dict[str, Any]) -> None:
    """What was mended, and what was not."""
    for source in result["sources"]:
        print(f"Repaired: {amount(source['objects'], 'object')} from {source['source']}")
    for image in result["images_left"][:SHOWN_DAMAGE]:
        print(f"Still damaged: “{image['machine']}” {image['volume']}, point {image['point'][:12]}: ", end="")
        print(f"restorable: {image['restorability']}")
    if result["left_count"]:
        session.output.say(f"{amount(result['left_count'], 'object')} could not be repaired. {result['help']}")
    else:
        session.output.say("Nothing was damaged." if not result["found"] else "Everything is repaired.")

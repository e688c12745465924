"""The note on a seed drive for whoever finds it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from console.domain.clock import iso
from console.domain.pairing import CoreIdentity

_TEXT = """\
This is a seed drive of Replicore, a program that keeps backups of computers in
two places.

It carries backups from the Core "{source}" to another Core. A Core is the
program that looks after backups at one place. The drive is on its way there
because sending the same over the network would take too long.

    Seed          {seed}
    Written by    {source} (id {source_id})
    Begun         {created}
    Comment       {comment}
    Customer id   {customer}

If you found this drive: please give it to the people who run "{source}".
Do not change, rename or delete its files.

If you are to bring it in: attach the drive to the computer of the receiving
Core, then run

    replicore seed inspect THIS-DIRECTORY    shows what is on it
    replicore seed verify THIS-DIRECTORY     reads every byte of it
    replicore seed consume THIS-DIRECTORY    brings it in

A seed can lie on several drives: attach them together and name all of them, or
bring them in one after the other. A drive without the file manifest.rpm is not
finished: start the writing again at "{source}", it goes on.

{secrecy}
"""
_OPEN = """\
The backups on this drive are not encrypted. Keep it where only those can get
at it who may see them."""
_SEALED = """\
The backups on this drive are encrypted; what they are called and how large they
are is not. They open with the passphrase of their key, which is not on it."""
_MIXED = """\
Some of the backups on this drive are not encrypted. Keep it where only those
can get at it who may see them."""


def readme(
    seed: str,
    source: CoreIdentity,
    created: datetime,
    comment: str,
    customer_id: str,
    sealed: Collection[bool] = (False,),
) -> str:
    """Plain words; names and the comment are the only things in it that people chose. `sealed`: of each image."""
    return _TEXT.format(
        seed=seed,
        source=_line(source.name),
        source_id=source.id,
        created=iso(created),
        comment=_line(comment) or "(none)",
        customer=_line(customer_id) or "(none)",
        secrecy=_SEALED if all(sealed) else _MIXED if any(sealed) else _OPEN,
    )


def _line(text: str) -> str:
    return " ".join(text.split())

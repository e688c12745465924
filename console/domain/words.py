"""The fingerprint of a certificate as six words, to be read over the phone. The list is never changed: both Cores must
say the same words, whatever their versions."""

from __future__ import annotations

import hashlib

WORDS: tuple[str, ...] = tuple(
    """
    able acid acorn actor adult agent album alley alpha amber angel ankle apple april apron arena arrow atlas attic
    audio autumn award bacon badge baker bamboo banjo basil basket beach beard berry bingo bison blade blanket
    blossom board bonus boots bottle brick bridge bronze bubble bucket butter cabin cactus camel camera candle canoe
    canyon carbon cargo carpet castle cedar cello chalk cherry chess circus citrus clock cloud clover cobra cocoa
    coffee comet copper coral cotton cowboy crater cricket crystal curtain daisy dance delta desert diamond diesel
    dinner doctor dolphin domino donkey dragon drama drum eagle echo elbow engine exit fabric falcon family farmer
    fashion feather fiddle finger flute forest fossil fox frozen galaxy garden garlic gecko ghost giant ginger
    giraffe glove goblet gold gorilla grape gravity guitar hammer harbor harvest hazel helmet hero honey hotel
    humble hundred husky igloo index indigo insect island ivory jacket jaguar jazz jelly jigsaw jungle junior kayak
    kettle kidney kingdom kitten kiwi koala ladder lagoon lantern laptop lava lemon leopard library lion lizard
    lobster logic lotus lunar magnet mango maple marble market meadow melon mercury metal mirror monkey motor muffin
    museum mustard napkin nebula needle nickel noodle novel nylon oasis ocean octopus olive onion opera orange orbit
    orchid otter oxygen paddle panda papaya parrot pebble pencil pepper piano picnic pigeon pilot pirate planet plum
    pocket polar potato puzzle pyramid quartz quiver rabbit radar radio raven ribbon robot rocket salad salmon
    saturn shadow silver spider sugar summer tango tiger tomato tractor tulip tunnel turtle umpire velvet violin
    volcano walnut winter yellow zebra
    """.split()  # noqa: SIM905 - 256 words in quotes would be 256 lines
)
COUNT = 6
ROUNDS = 100_000
"""Six words are 48 bits. Slow hashing makes each try of whoever looks for a second certificate with the same words cost
hundredths of a second, which makes six words enough to compare; to pin, Cores use the whole fingerprint."""


def words(fingerprint: str) -> tuple[str, ...]:
    """Six words for a fingerprint, however it is written (colons, blanks and case do not matter).

    Raises ValueError when it is not hexadecimal.
    """
    digest = bytes.fromhex("".join(fingerprint.replace(":", "").split()))
    slow = hashlib.pbkdf2_hmac("sha256", digest, b"replicore fingerprint words 1", ROUNDS, COUNT)
    return tuple(WORDS[byte] for byte in slow)

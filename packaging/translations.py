"""Texts from the source into Qt's translation files; see translations.sh."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import PySide6

CONTEXT = "replicore"
ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "resources" / "translations"
SPOKEN = ("console/desktop", "console/flows")


def texts() -> Iterator[tuple[str, bool]]:
    """(source text, whether it counts) of every `say` and `count` of the program. Raises ValueError for one whose text
    is not written out where it is said."""
    for folder in SPOKEN:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "count"):
                    place = 0 if node.func.id == "say" else 1
                    text = node.args[place] if len(node.args) > place else None
                    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
                        raise ValueError(f"{file.relative_to(ROOT)}:{node.lineno}: {node.func.id} wants its text here")
                    yield text.value, node.func.id == "count"


def collect(languages: list[str]) -> None:
    """Brings the .ts files up to date with Qt's own tool, by way of a file that has nothing but texts."""
    PLACE.mkdir(parents=True, exist_ok=True)
    found = sorted(set(texts()))
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "texts.cpp"
        lines = [f'QT_TRANSLATE_{"N_" if counts else ""}NOOP("{CONTEXT}", {_quoted(text)});' for text, counts in found]
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for language in languages:
            file = PLACE / f"replicore_{language}.ts"
            _tool("lupdate", "-silent", "-locations", "none", "-no-obsolete", "-target-language", language,
                  str(source), "-ts", str(file))  # fmt: skip
            _tool("lrelease", "-silent", str(file), "-qm", str(file.with_suffix(".qm")))
    print(f"{len(found)} texts, {', '.join(languages) or 'no language yet'}")


def missing() -> list[str]:
    """Texts of the source that a .ts file does not have: (file: text)."""
    wanted = {text for text, _ in texts()}
    told = []
    for file in sorted(PLACE.glob("replicore_*.ts")):
        there = {node.findtext("source") for node in ElementTree.parse(file).iter("message")}
        told += [f"{file.name}: {text}" for text in sorted(wanted - there)]
    return told


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _tool(name: str, *arguments: str) -> None:
    # Qt's programs lie beside the library; the scripts of PySide only find them.
    program = Path(PySide6.__file__).parent / name
    subprocess.run([str(program) if program.exists() else f"pyside6-{name}", *arguments], check=True)


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        left = missing()
        print("\n".join(left) or "Every text is in every language's file.")
        return 1 if left else 0
    known = {file.stem.removeprefix("replicore_") for file in PLACE.glob("replicore_*.ts")}
    collect(sorted(known | set(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

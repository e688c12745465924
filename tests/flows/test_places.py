"""Directories as people type them, and as a command line takes them."""

from __future__ import annotations

import os

import pytest

from console.cli.arguments import path_text
from console.domain import paths
from console.flows.places import folder_problem, typed


@pytest.mark.parametrize("folder", ["/", "/media/drive", "C:\\drive", "d:/drive", "\\\\server\\share"])
def test_directories_from_the_root_on_may_be_chosen(folder: str) -> None:
    assert folder_problem(folder) is None


@pytest.mark.parametrize("folder", ["", "drive", "./drive", "~/drive", "C:drive"])
def test_others_may_not(folder: str) -> None:
    assert folder_problem(folder)


@pytest.mark.parametrize("name", ["plain", "two words", "Grüße", "資料", "a\\b", "a\\x41"])
def test_the_command_line_names_the_same_directory(name: str) -> None:
    there = paths.to_text(os.fsencode(f"/media/{name}"))
    assert path_text(typed(there)) == there

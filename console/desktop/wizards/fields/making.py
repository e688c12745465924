"""Which view a field is shown by."""

from __future__ import annotations

from console.desktop.desk import Desk
from console.desktop.wizards.fields.choosing import ChoiceView
from console.desktop.wizards.fields.fingerprint import FingerprintView
from console.desktop.wizards.fields.folders import FoldersView
from console.desktop.wizards.fields.picking import PickView
from console.desktop.wizards.fields.points import FilePickView, PointPickView
from console.desktop.wizards.fields.telling import CommandView, FactsFieldView, LinesView, NoteView, SentencesView
from console.desktop.wizards.fields.typed import NumberView, SizeView, TextView, ToggleView
from console.desktop.wizards.fields.view import AnyView
from console.flows.fields import (
    Choice,
    Command,
    Facts,
    Field,
    FilePick,
    Fingerprint,
    Folders,
    Lines,
    Note,
    Number,
    Pick,
    PointPick,
    Sentences,
    Size,
    Text,
    Toggle,
)

VIEWS: dict[type[Field], type[AnyView]] = {
    Choice: ChoiceView,
    Command: CommandView,
    Facts: FactsFieldView,
    FilePick: FilePickView,
    Fingerprint: FingerprintView,
    Folders: FoldersView,
    Lines: LinesView,
    Note: NoteView,
    Number: NumberView,
    Pick: PickView,
    PointPick: PointPickView,
    Sentences: SentencesView,
    Size: SizeView,
    Text: TextView,
    Toggle: ToggleView,
}


def view_of(field: Field, desk: Desk) -> AnyView:
    """A new view. Raises KeyError for a kind of field nobody draws yet."""
    return VIEWS[type(field)](field, desk)


def same_kind(before: Field, now: Field) -> bool:
    """Whether the view of one can show the other in place."""
    if type(before) is not type(now):
        return False
    if isinstance(before, Text) and isinstance(now, Text):
        return before.long == now.long
    if isinstance(before, Choice) and isinstance(now, Choice):
        return before.compact == now.compact
    if isinstance(before, Folders) and isinstance(now, Folders):
        return before.several == now.several
    return True

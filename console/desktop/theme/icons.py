"""One set of icons (Material Design Icons through QtAwesome), by what they stand for."""

from __future__ import annotations

from functools import lru_cache

import qtawesome
from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap

from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import Tone

NAMES = {
    "abandon": "mdi6.close-octagon-outline",
    "account": "mdi6.account-circle-outline",
    "add": "mdi6.plus",
    "alert": "mdi6.bell-outline",
    "back": "mdi6.arrow-left",
    "backup": "mdi6.content-save-outline",
    "bad": "mdi6.alert-circle",
    "base": "mdi6.square",
    "broken": "mdi6.link-off",
    "calendar": "mdi6.calendar-month-outline",
    "cancel": "mdi6.close-circle-outline",
    "check": "mdi6.check-decagram-outline",
    "close": "mdi6.close",
    "columns": "mdi6.view-column-outline",
    "consume": "mdi6.tray-arrow-down",
    "copy": "mdi6.content-copy",
    "core": "mdi6.server-outline",
    "delete": "mdi6.trash-can-outline",
    "down": "mdi6.chevron-down",
    "edit": "mdi6.pencil-outline",
    "empty": "mdi6.circle-outline",
    "event": "mdi6.text-box-outline",
    "export": "mdi6.export-variant",
    "file": "mdi6.file-outline",
    "finder": "mdi6.file-search-outline",
    "filter": "mdi6.filter-variant",
    "folder": "mdi6.folder-outline",
    "forward": "mdi6.arrow-right",
    "good": "mdi6.check-circle",
    "help": "mdi6.help-circle-outline",
    "home": "mdi6.view-dashboard-outline",
    "incremental": "mdi6.link-variant",
    "info": "mdi6.information",
    "job": "mdi6.progress-clock",
    "key": "mdi6.key-outline",
    "late": "mdi6.clock-alert-outline",
    "lock": "mdi6.lock-outline",
    "machine": "mdi6.desktop-tower",
    "medium": "mdi6.usb-flash-drive-outline",
    "more": "mdi6.dots-horizontal",
    "off": "mdi6.minus-circle-outline",
    "pairing": "mdi6.swap-horizontal-bold",
    "pause": "mdi6.pause-circle-outline",
    "plan": "mdi6.clipboard-text-clock-outline",
    "point": "mdi6.history",
    "points-only": "mdi6.archive-outline",
    "protect": "mdi6.shield-plus-outline",
    "recycle": "mdi6.refresh",
    "replicated": "mdi6.server-network-outline",
    "repository": "mdi6.database-outline",
    "restore": "mdi6.restore",
    "retention": "mdi6.calendar-clock-outline",
    "resume": "mdi6.play-circle-outline",
    "run": "mdi6.play-outline",
    "search": "mdi6.magnify",
    "seed": "mdi6.usb-flash-drive",
    "settings": "mdi6.cog-outline",
    "transfer": "mdi6.transfer-right",
    "unlock": "mdi6.lock-open-variant-outline",
    "user": "mdi6.account-multiple-outline",
    "volume": "mdi6.harddisk",
    "wait": "mdi6.timer-sand",
    "warn": "mdi6.alert",
}


@lru_cache(maxsize=512)
def icon(name: str, tone: Tone | None = None, *, on_accent: bool = False) -> QIcon:
    """An icon of `NAMES`, in the colour of text (also of text `on_accent`) or of a tone. It follows the look in front,
    whenever it is painted. Raises KeyError."""
    return QIcon(_Engine(NAMES[name], tone, on_accent))


class _Engine(QIconEngine):
    """Paints by the look in front: an icon that was handed to a button long ago is right after the look has changed."""

    def __init__(self, name: str, tone: Tone | None, on_accent: bool) -> None:
        super().__init__()
        self._what = (name, tone, on_accent)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        # Tables paint hundreds of these in a frame: a picture that is there already, never the font.
        scale = painter.device().devicePixelRatio()
        picture = self.pixmap(rect.size() * scale, mode, state)
        painter.drawPixmap(QRectF(rect), picture, QRectF(picture.rect()))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        name, tone, on_accent = self._what
        look = tokens()
        return _drawn(name, _colour(tone, on_accent), look.muted, size.width(), size.height(), mode)

    def clone(self) -> QIconEngine:
        return _Engine(*self._what)


def _colour(tone: Tone | None, on_accent: bool) -> str:
    look = tokens()
    return look.colour(tone) if tone else look.on_accent if on_accent else look.text


@lru_cache(maxsize=2048)
def _drawn(name: str, colour: str, faded: str, wide: int, high: int, mode: QIcon.Mode) -> QPixmap:
    """A table asks for the same few pictures for every row of every frame."""
    return _made(name, colour, faded).pixmap(QSize(wide, high), mode)


@lru_cache(maxsize=512)
def _made(name: str, colour: str, faded: str) -> QIcon:
    made: QIcon = qtawesome.icon(name, color=colour, color_disabled=faded)
    return made

"""Writes `console/catalog/rows.py` from the SQLModel classes of `row_classes.py`.

`python -m tests.catalog.keep_rows`, after every change of a class; a test tells when that was forgotten.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, Table
from sqlalchemy.schema import DefaultClause, ForeignKey, UniqueConstraint
from sqlmodel.sql.sqltypes import AutoString

from console.catalog import row_classes

ROWS = Path(row_classes.__file__).with_name("rows.py")
TYPES: dict[type, str] = {
    AutoString: "String",
    BigInteger: "BigInteger",
    Boolean: "Boolean",
    Float: "Float",
    Integer: "Integer",
    JSON: "JSON",
    LargeBinary: "LargeBinary",
}
HEAD = '''"""The tables. Written from `row_classes.py` by `python -m tests.catalog.keep_rows`: change them there.

Queries speak SQLAlchemy Core against these `Table` objects, and turn rows into domain values at once.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
'''


def column(one: Column[object]) -> str:
    said = [repr(one.name), TYPES[type(one.type)]]
    if isinstance(one.type, JSON) and one.type.none_as_null:
        said[-1] += "(none_as_null=True)"
    for key in one.foreign_keys:
        said.append(foreign(key))
    if one.primary_key:
        said.append("primary_key=True")
    if one.unique:
        said.append("unique=True")
    if not one.nullable and not one.primary_key:
        said.append("nullable=False")
    default = one.server_default
    if isinstance(default, DefaultClause):
        told = repr(default.arg) if isinstance(default.arg, str) else f"text({str(default.arg)!r})"
        said.append(f"server_default={told}")
    return f"Column({', '.join(said)})"


def foreign(key: ForeignKey) -> str:
    more = f", ondelete={key.ondelete!r}" if key.ondelete else ""
    return f"ForeignKey({key.target_fullname!r}{more})"


def index(one: Index) -> str:
    names = ", ".join(repr(member.name) for member in one.columns)
    return f"Index(None, {names}{', unique=True' if one.unique else ''})"


def table(one: Table) -> str:
    parts = [column(member) for member in one.columns]
    parts += sorted(index(member) for member in one.indexes)
    for constraint in one.constraints:
        single = isinstance(constraint, UniqueConstraint) and len(constraint.columns) > 1
        if single:
            raise NotImplementedError(f"a constraint of {one.name} that this writer does not know yet")
    inner = "".join(f"    {part},\n" for part in (repr(one.name), "METADATA", *parts))
    return f"\n{one.name} = Table(\n{inner})\n"


def written() -> str:
    """What `rows.py` has to say."""
    return HEAD + "".join(table(one) for one in row_classes.METADATA.tables.values())


if __name__ == "__main__":
    ROWS.write_text(written())

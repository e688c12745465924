"""Writes `rows.py` and `replication_rows.py` of `console/catalog` from the SQLModel classes of `row_classes.py` and
`replication_row_classes.py`.

`python -m tests.catalog.keep_rows`, after every change of a class; a test tells when that was forgotten.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy.schema import DefaultClause, ForeignKey, UniqueConstraint
from sqlmodel.sql.sqltypes import AutoString

from console.catalog import replication_row_classes, row_classes

PLACE = Path(row_classes.__file__).parent
METADATA: MetaData = row_classes.METADATA
BETWEEN = {
    row.__tablename__
    for row in vars(replication_row_classes).values()
    if getattr(row, "__module__", "") == replication_row_classes.__name__
}
"""The tables of `replication_rows.py`."""
TYPES: dict[type, str] = {
    AutoString: "String",
    BigInteger: "BigInteger",
    Boolean: "Boolean",
    Float: "Float",
    Integer: "Integer",
    JSON: "JSON",
    LargeBinary: "LargeBinary",
}
MORE = '''"""The tables of what Cores arrange with each other. Written from `replication_row_classes.py` by
`python -m tests.catalog.keep_rows`: change them there.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from console.catalog.rows import METADATA as METADATA
'''
HEAD = '''"""The tables. Written from `row_classes.py` by `python -m tests.catalog.keep_rows`: change them there.

Those of what Cores arrange with each other are in `replication_rows.py`.

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


def written() -> dict[str, str]:
    """What each file has to say."""
    tables = METADATA.tables.values()
    return {
        "rows.py": HEAD + "".join(table(one) for one in tables if one.name not in BETWEEN),
        "replication_rows.py": MORE + "".join(table(one) for one in tables if one.name in BETWEEN),
    }


if __name__ == "__main__":
    for name, text in written().items():
        (PLACE / name).write_text(text)

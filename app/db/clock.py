"""The database's clock in statements: the only clock that all workers of a cluster share."""

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class unix_now(FunctionElement[float]):
    """Unix seconds when the statement runs."""

    type = Double()
    inherit_cache = True
    name = "unix_now"


@compiles(unix_now, "sqlite")
def _sqlite_now(element: unix_now, compiler: SQLCompiler, **options: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(unix_now, "postgresql")
def _postgresql_now(element: unix_now, compiler: SQLCompiler, **options: object) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"

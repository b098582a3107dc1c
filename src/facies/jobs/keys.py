"""API keys. The plain key is shown once, when it is made; the store keeps its SHA-256.

A key is 32 random bytes, so a plain hash is enough: there is no dictionary to try, and no salt to add.
"""

import hashlib
import hmac
import secrets
import uuid
from typing import Final

import sqlalchemy as sa

from facies.errors import UnknownKeyError
from facies.jobs.key import DEFAULT_SCOPES, Key, Scope
from facies.jobs.tables import api_keys

_MARK: Final = "facies_"
_SHOWN: Final = len(_MARK) + 5
_COLUMNS: Final = tuple(column for column in api_keys.c if column is not api_keys.c.sha256)


def insert_key(
    connection: sa.Connection,
    name: str,
    now: float,
    scopes: frozenset[Scope] = DEFAULT_SCOPES,
    expires_at: float | None = None,
    requests_per_minute: int | None = None,
) -> tuple[Key, str]:
    """Make a key called `name`. Returns it and, only here, its plain text."""
    plain = _MARK + secrets.token_urlsafe(32)
    key = Key(str(uuid.uuid4()), name, plain[:_SHOWN], now, None, scopes, expires_at, requests_per_minute)
    row = {**vars(key), "scopes": " ".join(sorted(scopes)), "sha256": _sha256(plain)}
    connection.execute(sa.insert(api_keys).values(row))
    return key, plain


def select_key(connection: sa.Connection, plain: str, now: float) -> Key:
    """The valid key whose text is `plain`.

    What the time of a look-up could tell is something of the stored hash, from which no key can be made; the
    comparison itself takes the same time for every guess.

    Raises:
        UnknownKeyError: missing, wrong, revoked or past its time.
    """
    digest = _sha256(plain)
    query = sa.select(api_keys.c.sha256, *_COLUMNS).where(api_keys.c.sha256 == digest, _is_valid(now))
    row = connection.execute(query).mappings().one_or_none()
    if row is None or not hmac.compare_digest(row[api_keys.c.sha256], digest):
        raise UnknownKeyError("The API key is missing, wrong, revoked or past its time.")
    return _key(row)


def select_keys(connection: sa.Connection) -> list[Key]:
    """Every key, oldest first, revoked ones too."""
    query = sa.select(*_COLUMNS).order_by(api_keys.c.created_at, api_keys.c.id)
    return [_key(row) for row in connection.execute(query).mappings()]


def has_valid_key(connection: sa.Connection, now: float) -> bool:
    """Whether any key is valid."""
    query = sa.select(sa.exists().where(_is_valid(now)))
    return bool(connection.scalar(query))


def revoke_keys(connection: sa.Connection, name_or_id: str, now: float) -> list[Key]:
    """Revoke the valid keys of that name, or the one of that id.

    Raises:
        UnknownKeyError: there is none.
    """
    is_meant = sa.or_(api_keys.c.id == name_or_id, api_keys.c.name == name_or_id)
    statement = sa.update(api_keys).where(is_meant, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
    revoked = connection.execute(statement.returning(*_COLUMNS)).mappings().all()
    if not revoked:
        raise UnknownKeyError(f"There is no valid key {name_or_id!r}; `facies keys list` shows them.")
    return [_key(row) for row in revoked]


def _key(row: sa.RowMapping) -> Key:
    values = {column.name: row[column] for column in _COLUMNS}
    return Key(**{**values, "scopes": frozenset(map(Scope, row[api_keys.c.scopes].split()))})


def _is_valid(now: float) -> sa.ColumnElement[bool]:
    is_in_time = sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now)
    return sa.and_(api_keys.c.revoked_at.is_(None), is_in_time)


def _sha256(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()

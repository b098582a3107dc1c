"""API keys. The plain key is shown once, when it is made; the store keeps its SHA-256.

A key is 32 random bytes, so a plain hash is enough: there is no dictionary to try, and no salt to add.
"""

import hashlib
import hmac
import math
import secrets
import uuid
from collections.abc import Callable, Iterable
from typing import Final

import sqlalchemy as sa

from facies.errors import OptionError, RateLimitError, UnknownKeyError
from facies.jobs.database import Database
from facies.jobs.key import DEFAULT_SCOPES, Key, Scope
from facies.jobs.tables import api_keys

_MARK: Final = "facies_"
_SHOWN: Final = len(_MARK) + 5
_COLUMNS: Final = tuple(api_keys.c[name] for name in Key.__dataclass_fields__)
_MINUTE_S: Final = 60.0


class KeyRows:
    """The keys of a store."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def create(
        self,
        name: str,
        *,
        scopes: Iterable[Scope] = DEFAULT_SCOPES,
        lifetime_s: float | None = None,
        requests_per_minute: int | None = None,
    ) -> tuple[Key, str]:
        """Make a key.

        Args:
            name: what its maker calls it.
            scopes: what it opens.
            lifetime_s: after how long it opens nothing any more, seconds; None: never.
            requests_per_minute: how many requests it is good for; None: any number.

        Returns:
            the key and, this once, its plain text.

        Raises:
            OptionError: the name is empty, and the key could not be told from others, or revoked.
        """
        if not name.strip():
            raise OptionError("A key needs a name, by which it is listed and revoked.")
        plain, now = _MARK + secrets.token_urlsafe(32), self._clock()
        expires_at = None if lifetime_s is None else now + lifetime_s
        opens = frozenset(scopes)
        key = Key(str(uuid.uuid4()), name, plain[:_SHOWN], now, None, opens, expires_at, requests_per_minute)
        row = {**vars(key), "scopes": " ".join(sorted(opens)), "sha256": _sha256(plain)}
        with self._database.write() as connection:
            connection.execute(sa.insert(api_keys).values(row))
        return key, plain

    def find(self, plain: str) -> Key:
        """The valid key whose text is `plain`.

        What the time of a look-up could tell is something of the stored hash, from which no key can be made; the
        comparison itself takes the same time for every guess.

        Raises:
            UnknownKeyError: missing, wrong, revoked or past its time.
        """
        digest = _sha256(plain)
        query = sa.select(api_keys.c.sha256, *_COLUMNS).where(api_keys.c.sha256 == digest, self._is_valid())
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None or not hmac.compare_digest(row[api_keys.c.sha256], digest):
            raise UnknownKeyError("The API key is missing, wrong, revoked or past its time.")
        return _key(row)

    def spend(self, key: Key) -> None:
        """Count a request of a key that is good for so many a minute, whichever server it came to.

        The one number kept is until when the key would have been busy, were each request given its share of a minute;
        it may be a minute ahead of the clock.

        Raises:
            RateLimitError: the key has made its requests for now.

        Source: the generic cell rate algorithm, ITU-T I.371, as a virtual schedule.
        """
        if key.requests_per_minute is None:
            return
        now, share_s = self._clock(), _MINUTE_S / key.requests_per_minute
        latest = now + _MINUTE_S - share_s + share_s * 1e-6  # sums of shares are not exact
        is_meant, spent_until = api_keys.c.id == key.id, api_keys.c.spent_until
        has_room = sa.or_(spent_until.is_(None), spent_until <= latest)
        with self._database.read() as connection:  # a read first: who asks far too often should not take the write lock
            until = connection.scalar(sa.select(spent_until).where(is_meant))
        if until is None or until <= latest:
            begins = sa.case((spent_until > now, spent_until), else_=now)
            statement = sa.update(api_keys).where(is_meant, has_room).values(spent_until=begins + share_s)
            with self._database.write() as connection:
                if connection.execute(statement).rowcount:
                    return
        wait_s = max(1, math.ceil((until or now) - latest))
        raise RateLimitError(
            f"This key is good for {key.requests_per_minute} requests a minute; try again in {wait_s} s.", wait_s
        )

    def list_all(self) -> list[Key]:
        """Every key, oldest first, revoked ones too."""
        query = sa.select(*_COLUMNS).order_by(api_keys.c.created_at, api_keys.c.id)
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(query).mappings()]

    def has_any(self) -> bool:
        """Whether any key is valid."""
        with self._database.read() as connection:
            return bool(connection.scalar(sa.select(sa.exists().where(self._is_valid()))))

    def revoke(self, name_or_id: str) -> list[Key]:
        """Revoke the valid keys of that name, or the one of that id. Returns what was revoked.

        Raises:
            UnknownKeyError: there is none.
        """
        is_meant = sa.or_(api_keys.c.id == name_or_id, api_keys.c.name == name_or_id)
        statement = sa.update(api_keys).where(is_meant, api_keys.c.revoked_at.is_(None))
        statement = statement.values(revoked_at=self._clock())
        with self._database.write() as connection:
            revoked = connection.execute(statement.returning(*_COLUMNS)).mappings().all()
        if not revoked:
            raise UnknownKeyError(f"There is no valid key {name_or_id!r}; `facies keys list` shows them.")
        return [_key(row) for row in revoked]

    def _is_valid(self) -> sa.ColumnElement[bool]:
        is_in_time = sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > self._clock())
        return sa.and_(api_keys.c.revoked_at.is_(None), is_in_time)


def _key(row: sa.RowMapping) -> Key:
    values = {column.name: row[column] for column in _COLUMNS}
    return Key(**{**values, "scopes": frozenset(map(Scope, row[api_keys.c.scopes].split()))})


def _sha256(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()

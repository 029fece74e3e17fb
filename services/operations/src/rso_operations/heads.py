"""The newest version and hash of every stream of every service: a witness in another database than the streams themselves.

With it `rso verify` finds a tail that was cut off and a stream that vanished, which a chain of hashes alone cannot show.
"""

from sqlalchemy import insert, select, update

from rso_shared.kit.broker import Record
from rso_shared.kit.database import Tx
from rso_shared.kit.tables import HEADS


def witness(tx: Tx, record: Record) -> None:
    """Records of one stream travel on two topics and may overtake each other, so an older version is passed over."""
    stream, version = record.headers["ce_stream"], int(record.headers["ce_streamversion"])
    seen = {"version": version, "hash": record.headers["ce_hash"]}
    known = tx.conn.execute(select(HEADS.c.version).where(HEADS.c.stream == stream)).scalar_one_or_none()
    if known is None:
        tx.conn.execute(insert(HEADS).values(stream=stream, **seen))
    elif version > known:
        tx.conn.execute(update(HEADS).where(HEADS.c.stream == stream).values(**seen))

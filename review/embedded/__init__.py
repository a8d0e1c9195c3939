"""The servers of a machine that has none: PostgreSQL and a Redis-protocol server out of wheels.

Both run as children of the calling process and end with it, also when it is killed (Linux).
Where a wheel does not exist for a machine, EmbeddedServerError names the variable to set instead.
"""

from pathlib import Path

from review.embedded.broker import redis, running_redis, start_redis
from review.embedded.common import EmbeddedServerError, Server
from review.embedded.postgresql import postgres, running_postgres, start_postgres

__all__ = [
    "EmbeddedServerError",
    "Server",
    "postgres",
    "redis",
    "start_postgres",
    "start_redis",
    "stop_left_over",
]


def stop_left_over(postgres_dir: Path, redis_dir: Path) -> None:
    """Stop the servers over these folders that outlived the process which started them."""
    for server in (running_postgres(postgres_dir), running_redis(redis_dir)):
        if server is not None:
            server.stop()

"""The engine that the configuration names."""

from __future__ import annotations

from collector.config import ClickHouseSection, Influx1Section, Influx2Section, SqliteSection, StoreSection, secret
from collector.errors import ConfigError
from collector.store.store import Store


def open_store(config: StoreSection) -> Store:
    """Make the store that the config names. Raises ConfigError (a secret is missing) or StoreUnavailableError (SQLite only)."""
    match config:
        case SqliteSection():
            from collector.store.sqlite import Sqlite  # noqa: PLC0415 - an engine is loaded only when chosen

            return Sqlite(config.path)
        case Influx1Section():
            from collector.store.influx1 import Influx1  # noqa: PLC0415

            password = secret(config.password_file, "SINYAL_STORE_PASSWORD")
            return Influx1(
                config.url,
                config.database,
                username=config.username,
                password=password,
                retention_days=config.retention_days,
            )
        case Influx2Section():
            from collector.store.influx2 import Influx2  # noqa: PLC0415

            token = secret(config.token_file, "SINYAL_STORE_TOKEN")
            if not token:
                raise ConfigError("store.token_file: missing; name the file with the token, or set SINYAL_STORE_TOKEN")
            return Influx2(config.url, config.org, config.bucket, token)
        case ClickHouseSection():
            from collector.store.clickhouse.engine import ClickHouse  # noqa: PLC0415
            from collector.store.clickhouse.nodes import Nodes  # noqa: PLC0415

            nodes = Nodes(config.urls, config.username, secret(config.password_file, "SINYAL_STORE_PASSWORD"))
            return ClickHouse(nodes, config.database, quorum=config.quorum, retention_days=config.retention_days)

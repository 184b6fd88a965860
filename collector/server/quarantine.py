"""`sinyal-collector quarantine release SITE`: a hall sends again what was refused, without anybody going there."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from collector.config import BrokerSection, load, secret
from collector.errors import CollectorError, ConfigError
from collector.line.broker import tls_context
from collector.sites.sites import read_sites
from ground.paths import COLLECTOR
from ground.words import add_lang, tr
from telemetry.ack import Ack, encode_ack
from telemetry.topics import ack_topic

ABOUT = """\
Frames that the collector refused wait on the card of their hall, in quarantine. When what made it refuse them is cured, this
makes the hall send them again. The broker keeps the order for a hall that is away; a hall carries an order out once.

  sinyal-collector quarantine release 6408012001
  sinyal-collector quarantine release --all

exit: 0 the broker has the order; 1 the broker does not answer; 2 bad usage or config
"""
CONNECT_S = 15.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `quarantine`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("action", choices=("release",), help="send again what is in quarantine")
    parser.add_argument("sites", nargs="*", metavar="SITE", help="code of the site as in sites.csv")
    parser.add_argument("--all", action="store_true", help="every site of sites.csv")
    parser.add_argument("--config", "-c", type=Path, default=COLLECTOR, metavar="FILE", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Do `quarantine`; return the exit code."""
    config = load(args.config)
    known = read_sites(config.sites.file)
    sites = list(known) if args.all else args.sites
    if not sites:
        raise ConfigError("quarantine release: name a SITE, or --all")
    if strange := [site for site in sites if site not in known]:
        raise ConfigError(f"{strange[0]}: is not in {config.sites.file}; correct the code or add its row")
    order = encode_ack(Ack(release=int(time.time())))
    _publish(config.broker, {ack_topic(site): order for site in sites})
    print(
        tr(
            "{n} halls are told to send again what is in quarantine; one that is away hears it when it comes",
            args.lang,
            n=len(sites),
        )
    )
    return 0


def _publish(broker: BrokerSection, messages: dict[str, bytes]) -> None:
    """Leave retained messages at the broker. Raises CollectorError when it does not take them."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    if broker.username is not None:
        client.username_pw_set(broker.username, secret(broker.password_file, "SINYAL_BROKER_PASSWORD"))
    if broker.tls:
        client.tls_set_context(tls_context(broker))
    end = time.monotonic() + CONNECT_S
    try:
        client.connect(broker.host, broker.port)
        client.loop_start()
        for info in [client.publish(topic, payload, qos=1, retain=True) for topic, payload in messages.items()]:
            info.wait_for_publish(max(0.1, end - time.monotonic()))
            if not info.is_published():
                raise CollectorError(f"broker {broker.host}:{broker.port}: did not take the order")
    except (OSError, RuntimeError) as error:
        raise CollectorError(f"broker {broker.host}:{broker.port}: {error}") from None
    finally:
        client.disconnect()
        client.loop_stop()

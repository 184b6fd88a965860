"""A Telkomsel SIM where only XL is: whose it is, who is heard, who else is there and what heard it, through the whole line."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from agent.config import load as load_agent
from agent.run import Agent
from collector.config import load
from collector.run import Collector
from demo.modem import SimulatedModem
from demo.radio import Heard
from demo.replies import family_answers
from demo.situations import INDOSAT, TELKOMSEL, XL, Life, by_row
from lab.servers import Server, wait_for
from tests.collector.frames import SITE
from tests.integration.office import write_config

PLACE = (0.53451, 117.61723)


def collector_in(folder: Path, broker: Server) -> Collector:
    return Collector(load(write_config(folder, broker.port)))


def agent_in(folder: Path, broker: Server) -> Agent:
    path = folder / "agent.toml"
    path.write_text(
        f'[agent]\nsite = "{SITE.code}"\ndata_dir = "{folder}/data"\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n'
        "[sampling]\ninterval_s = 1\nframe_interval_s = 1\n[scan]\nno_service_s = 2\n[position]\nfixes = 2\n"
        f'[[modem]]\nname = "a"\nport = "{folder}/tty"\n'
    )
    return Agent(load_agent(path))


def test_every_stream_of_a_limited_modem_arrives(tmp_path: Path, broker: Server) -> None:
    collector = collector_in(tmp_path, broker)
    collector.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")

    def stored(stream: str) -> list[dict[str, object]]:
        return [dict(row) for row in collector.store.samples(stream, 0, 2 * 10**18, SITE.code)]

    lived = replace(by_row(7), heard=(Heard(XL), Heard(INDOSAT, "gsm")), fix=PLACE)
    with SimulatedModem(family_answers("quectel", Life(lived)), tmp_path / "tty"):
        agent = agent_in(tmp_path, broker)
        thread = threading.Thread(target=agent.run)
        thread.start()
        try:
            wait_for(lambda: stored("position"), "the place of the hall", 60)
            wait_for(lambda: {row.get("plmn") for row in stored("scan")} >= {XL, INDOSAT}, "who else is there", 60)
            wait_for(lambda: stored("instrument"), "what the instrument is", 60)
        finally:
            agent.stop.set()
            thread.join(30)
            collector.stop()
    signal = stored("signal")[-1]
    assert (signal["registration"], signal["plmn"], signal["home_plmn"], signal["sim"]) == ("limited", XL, TELKOMSEL, "ready")
    assert stored("instrument")[-1]["proven"] == "heard"
    assert stored("position")[-1]["fixes"] == 2
    kept = (tmp_path / "data/modems.json").read_text()
    assert lived.card.imsi[5:] not in kept

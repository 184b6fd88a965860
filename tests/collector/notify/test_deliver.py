"""Delivery as it runs: threads beside the engine, killed at the worst moments; and nothing of an address in any log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.notify.deliver import now_ms
from lab.servers import free_port, wait_for
from tests.collector.notify.parts import Post, message, post
from tests.collector.notify.services import Hook, Mailbox

PROGRAM = "tests.collector.notify.program"
ROOT = Path(__file__).parents[3]


@contextmanager
def running(what: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program until the block ends, then kill it; what it logs is in `log`."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, what, str(folder)], cwd=ROOT, stderr=log, env=os.environ | environment
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def emptied(box: Post) -> bool:
    return not box.outbox().waiting()


def test_killed_between_the_answer_and_the_commit_a_message_is_repeated_with_its_id_and_no_other_is(tmp_path: Path) -> None:
    process: subprocess.Popen[bytes] | None = None
    killed_at = {2, 5}

    def answer(number: int) -> int:
        if number in killed_at and process:
            process.send_signal(signal.SIGKILL)  # the service has the message; the sender will never know
            process.wait()
        return 200

    with Hook(answer) as hook:
        box = post(
            tmp_path,
            f'[destination.first]\nurl = "{hook.url}"\nper_hour = 3600\n'
            '[route.all]\naudience = "teknisi"\ngather = []\nto = ["first"]\n',
        )
        box.put(*(message(f"hall-{number}", time.time_ns() // 1_000_000, kecamatan=f"K{number}") for number in range(12)))
        for _ in range(len(killed_at) + 1):
            with running("deliver", tmp_path) as process:
                wait_for(lambda: emptied(box) or (process and process.poll()), "the outbox to be empty, or the kill", 60)
    counts = Counter(hook.ids)
    assert len(counts) == 12
    assert sorted(count for count in counts.values() if count > 1) == [2, 2]  # once more for each kill
    assert list(counts) == sorted(counts, key=lambda identity: int(identity.split("-")[0]))


def test_a_slow_service_delays_no_other(tmp_path: Path) -> None:
    mails = Mailbox()
    slow = Hook()
    with mails, slow:
        box = post(
            tmp_path,
            f'[destination.slow]\nurl = "{slow.url}"\ntimeout_s = 30\n[destination.mail]\nurl = "{mails.url}"\n'
            '[route.all]\naudience = "teknisi"\ngather = []\nto = ["slow", "mail"]\n',
        )
        slow.answer = lambda _number: wait_for(lambda: 200 if mails.got else 0, "the mail, sent while this answer waits")
        delivery = box.delivery()
        delivery.start()
        box.put(message("Tadoan", box.clock.now))
        wait_for(lambda: emptied(box), "both deliveries")
        assert delivery.healthy()
        delivery.stop()
    assert len(mails.got) == len(slow.got) == 1


def test_what_waits_for_a_destination_that_was_renamed_goes_along_the_routes_of_today(tmp_path: Path) -> None:
    with Hook() as hook:
        route = '[route.all]\naudience = "teknisi"\ngather = []\nto = ["{}"]\n'
        box = post(tmp_path, f'[destination.old]\nurl = "{hook.url}"\n' + route.format("old"))
        box.put(message("Tadoan", box.clock.now))
        box = post(tmp_path, f'[destination.new]\nurl = "{hook.url}"\n' + route.format("new"))
        delivery = box.delivery()
        delivery.start()
        wait_for(lambda: emptied(box), "the message to go to the new name")
        delivery.stop()
    assert [body["alert"] for body in hook.got] == ["Tadoan"]


def test_no_address_reaches_a_log_or_the_outbox_even_at_debug_level(tmp_path: Path) -> None:
    (tmp_path / "telegram").write_text("tgram://987654321:AAHtelegramtokentelegramtoken/4242/")
    hook = Hook(answer=lambda _number: 500)
    box = post(
        tmp_path,
        '[destination.telegram]\nurl_file = "telegram"\n[destination.hook]\nurl_env = "SINYAL_TEST_HOOK"\n'
        '[destination.mail]\nurl_env = "SINYAL_TEST_MAIL"\n'
        '[route.all]\naudience = "teknisi"\ngather = []\nto = ["telegram", "hook", "mail"]\n',
    )
    box.put(message("Tadoan", now_ms()))
    secrets = {
        "SINYAL_TEST_HOOK": f"json://petugas:katasandi99@127.0.0.1:{hook.port}/pathtoken77?+Authorization=headertoken55",
        "SINYAL_TEST_MAIL": f"mailto://surel:mailpassword33@127.0.0.1:{free_port()}/?from=a@kutim.example&to=penerima@kutim.example",
    }
    nowhere = f"http://127.0.0.1:{free_port()}"  # a proxy that is not there, so that nothing leaves this machine
    with hook, running("deliver", tmp_path, **secrets, HTTPS_PROXY=nowhere, https_proxy=nowhere, NO_PROXY="127.0.0.1"):
        log = tmp_path / "log"
        wait_for(lambda: log.read_text().count("event=not_delivered") >= 3 and hook.asked, "three failures in the log")
    written = (tmp_path / "log").read_text() + (tmp_path / "watch.db").read_bytes().decode("latin-1")
    written += "".join(path.read_bytes().decode("latin-1") for path in tmp_path.glob("watch.db-*"))
    assert "DEBUG program event=start" in written
    assert "error=500" in written
    for secret in ("AAHtelegram", "katasandi99", "pathtoken77", "headertoken55", "mailpassword33", "penerima@", "petugas"):
        assert secret not in written
    assert hook.asked
    assert not emptied(box)


def test_a_fault_in_delivery_is_logged_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("collector.notify.deliver.AFTER_FAULT_S", 0.05)
    with Hook() as hook:
        box = post(
            tmp_path, f'[destination.first]\nurl = "{hook.url}"\n[route.all]\naudience = "teknisi"\ngather = []\nto = ["first"]\n'
        )
        delivery = box.delivery()
        box.put(message("Tadoan", box.clock.now))
        db = box.outbox()._db
        db.execute("ALTER TABLE delivery RENAME COLUMN error TO fault")  # a real fault of the database
        delivery.start()
        wait_for(lambda: "event=delivery_fault" in caplog.text, "the fault to be logged")
        db.execute("ALTER TABLE delivery RENAME COLUMN fault TO error")
        wait_for(lambda: emptied(box), "delivery to go on")
        delivery.stop()
    assert len(set(hook.ids)) == 1

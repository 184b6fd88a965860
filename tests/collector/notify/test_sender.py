"""Delivery against a real HTTP endpoint and a real SMTP server that fail in every way services fail."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from collector.notify.outbox import Kind
from collector.notify.sender import GIVE_UP_MS, RETRY_MAX_S
from tests.collector.notify.parts import Post, message, ms, post
from tests.collector.notify.services import Hook, Mailbox

ROUTE = '[route.all]\naudience = "teknisi"\ngather = []\nto = ["first"]\n'


def hooked(folder: Path, hook: Hook, more: str = "", route: str = ROUTE) -> Post:
    return post(folder, f'[destination.first]\nurl = "{hook.url}"\ntimeout_s = 1\n{more}\n{route}')


def drain(post: Post, name: str = "first", seconds: int = 3 * RETRY_MAX_S, step_s: int = 5) -> None:
    """Let the clock run while the sender works, as its thread does."""
    sender = post.sender(name)
    for _ in range(seconds // step_s):
        sender.step()
        post.clock.now += step_s * 1000


def test_a_destination_gets_its_language(tmp_path: Path) -> None:
    with Hook() as hook:
        box = hooked(tmp_path, hook, "lang = 'en'")
        box.put(message("Tadoan", ms("2026-11-24T08:15")))
        assert box.sender("first").step() == 1
    (got,) = hook.got
    assert got["title"] == "[Warning] Tadoan: power cut"
    assert got["message"].splitlines()[0] == "Check the meter and call PLN 123."


def test_a_message_says_what_where_when_and_what_to_do(tmp_path: Path) -> None:
    with Hook() as hook:
        box = hooked(tmp_path, hook)
        box.put(message("Tadoan", ms("2026-11-24T08:15"), severity="critical", link="https://sinyal.example/6408112003"))
        assert box.sender("first").step() == 1
    (got,) = hook.got
    assert got["title"] == "[Kritis] Tadoan: listrik padam"
    assert got["message"].splitlines() == [
        "Periksa meteran dan hubungi PLN 123.",
        "",
        "Tautan: https://sinyal.example/6408112003",
        "24 November 2026 08.15 WITA · Ref 1",
    ]
    assert got["id"] == got["header"] == f"1-{ms('2026-11-24T08:15')}"
    assert (got["alert"], got["kind"], got["severity"], got["type"]) == ("Tadoan", "open", "critical", "failure")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda number: 500 if number < 4 else 200, id="answers 500"),
        pytest.param(lambda number: 429 if number < 4 else 200, id="too many requests"),
        pytest.param(lambda number: 200 if number % 2 else 503, id="every second fails"),
        pytest.param(lambda number: 400 if number == 2 else 200, id="one is refused"),
    ],
)
def test_an_http_service_that_fails_gets_everything_once_and_in_order(tmp_path: Path, fault: object) -> None:
    with Hook(answer=fault) as hook:  # type: ignore[arg-type]
        box = hooked(tmp_path, hook)
        sender = box.sender("first")
        for number in range(6):
            kind: Kind = "resolve" if number % 2 else "open"
            box.put(message(f"hall-{number // 2}", box.clock.now + number, kind=kind, kecamatan=f"K{number}"))
        box.clock.now += 10
        for _ in range(100):
            sender.step()
            box.clock.now += 5000
    assert [body["id"].split("-")[0] for body in hook.got] == ["1", "2", "3", "4", "5", "6"]
    assert box.outbox().waiting() == {}


def test_an_endpoint_that_is_down_loses_nothing_over_restarts(tmp_path: Path) -> None:
    hook = Hook()
    box = hooked(tmp_path, hook)
    for number in range(5):
        box.put(message(f"hall-{number}", box.clock.now))
        drain(box, seconds=30)  # a new sender each time: a restart in the middle of the outage
    assert hook.asked == 0
    with hook:
        box.put(message("hall-0", box.clock.now, kind="resolve"))
        drain(box)
    assert [identity.split("-")[0] for identity in hook.ids] == ["1", "2", "3", "4", "5", "6"]
    assert len(hook.got) == 1  # what gathered meanwhile goes as one message
    assert hook.got[0]["title"] == "Kecamatan Sandaran: 4 peringatan, 1 selesai"


def test_a_service_that_answers_too_late_is_asked_again_with_the_same_id(tmp_path: Path) -> None:
    asked_again = threading.Event()

    def answer(number: int) -> int:
        if number:
            asked_again.set()
        else:
            asked_again.wait(60)  # the first answer comes only after the second question
        return 200

    with Hook(answer=answer) as hook:
        box = hooked(tmp_path, hook)
        box.put(message("hall", box.clock.now))
        drain(box, seconds=20)
        assert asked_again.is_set()
        assert len(set(hook.ids)) == 1
        assert box.outbox().waiting() == {}


def test_a_refused_message_does_not_silence_the_others_but_its_own_closing_waits(tmp_path: Path) -> None:
    hook = Hook()
    hook.take = lambda body: 400 if body["alert"] == "bad" else (hook.got.append(body) or 200)  # type: ignore[method-assign,func-returns-value]
    with hook:
        box = hooked(tmp_path, hook)
        box.put(message("bad", box.clock.now, kecamatan="A"), message("bad", box.clock.now + 1, kind="resolve", kecamatan="A"))
        box.put(*(message(f"good-{number}", box.clock.now, kecamatan=f"B{number}") for number in range(4)))
        box.clock.now += 10
        drain(box)
    assert [body["alert"] for body in hook.got] == ["good-0", "good-1", "good-2", "good-3"]
    assert box.outbox().waiting() == {"first": 2}


def test_what_nobody_takes_for_days_is_given_up_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    box = hooked(tmp_path, Hook())
    box.put(message("hall", box.clock.now))
    assert GIVE_UP_MS == 3 * 86_400_000
    box.clock.now += GIVE_UP_MS
    box.sender("first").step()
    assert box.outbox().waiting() == {"first": 1}
    box.clock.now += 1
    box.sender("first").step()
    assert box.outbox().waiting() == {}
    assert "event=message_given_up destination=first message=1 key=hall" in caplog.text


def test_a_clock_that_is_set_back_silences_nothing(tmp_path: Path) -> None:
    hook = Hook()
    box = hooked(tmp_path, hook)
    box.put(message("hall", box.clock.now))
    sender = box.sender("first")
    sender.step()
    box.clock.now -= 86_400_000
    with hook:
        sender.step()
    assert len(hook.got) == 1


@pytest.mark.parametrize("code", [421, 451, 554])
def test_a_mail_server_that_refuses_or_is_away_gets_everything_once_and_in_order(tmp_path: Path, code: int) -> None:
    mails = Mailbox(answer=lambda number: code if number < 4 else 200)
    box = post(tmp_path, f'[destination.first]\nurl = "{mails.url}"\ntimeout_s = 2\n{ROUTE}')
    box.put(message("Tadoan", box.clock.now, kecamatan="A"), message("Susuk", box.clock.now, kecamatan="B"))
    drain(box, seconds=20)  # nobody listens
    with mails:
        drain(box)
        mails.stop()
        box.put(message("Tadoan", box.clock.now, kind="resolve", kecamatan="A"))
        drain(box, seconds=20)
        mails.start()
        drain(box)
    assert mails.subjects == [
        "[Waspada] Tadoan: listrik padam",
        "[Waspada] Susuk: listrik padam",
        "[Selesai] Tadoan: kembali normal",
    ]
    assert [str(mail["X-Sinyal-Id"]).split("-")[0] for mail in mails.got] == ["1", "2", "3"]
    assert "hubungi PLN 123" in mails.got[0].as_string() or "hubungi PLN" in str(mails.got[0].get_payload(decode=True))


def test_the_second_channel_takes_over_and_gives_back(tmp_path: Path) -> None:
    hook, mails = Hook(), Mailbox()
    second = f'second = "mail"\nsecond_after = 2\n[destination.mail]\nurl = "{mails.url}"\n'
    with mails:
        box = hooked(tmp_path, hook, second)
        box.put(message("Tadoan", box.clock.now))
        sender = box.sender("first")
        for _ in range(4):
            sender.step()
            box.clock.now += 5000
        assert mails.subjects == ["[Waspada] Tadoan: listrik padam"]
        box.put(message("Susuk", box.clock.now))
        sender.step()  # while the first rests, the second is used at once
        assert len(mails.got) == 2
        with hook:
            box.clock.now += RETRY_MAX_S * 1000
            box.put(message("Tadoan", box.clock.now, kind="resolve"))
            sender.step()
    assert [body["alert"] for body in hook.got] == ["Tadoan"]
    assert len(mails.got) == 2
    assert box.outbox().waiting() == {}


def test_with_both_channels_down_a_message_waits_for_whichever_comes_back(tmp_path: Path) -> None:
    hook, mails = Hook(), Mailbox()
    box = hooked(tmp_path, hook, f'second = "mail"\nsecond_after = 1\n[destination.mail]\nurl = "{mails.url}"\n')
    box.put(message("Tadoan", box.clock.now))
    drain(box, seconds=60)
    with hook:
        drain(box)
    assert len(hook.got) == 1
    assert box.outbox().waiting() == {}


def test_a_storm_becomes_a_few_messages_and_tells_every_alert(tmp_path: Path) -> None:
    with Hook() as hook:
        box = hooked(tmp_path, hook, "per_hour = 12")
        box.put(*(message(f"hall-{number}", box.clock.now, kecamatan=f"K{number % 18}") for number in range(141)))
        drain(box, seconds=4 * 3600, step_s=60)
    assert len(set(hook.ids)) == len(hook.ids) == 141
    assert len(hook.got) == 15  # 141 alerts, 10 in a message
    assert [body["kind"] for body in hook.got[:-1]] == ["digest"] * 14
    assert all(len(body["message"]) < 4096 for body in hook.got)


def test_sms_is_one_segment_in_the_gsm_alphabet(tmp_path: Path) -> None:
    with Hook() as hook:
        box = hooked(tmp_path, hook, 'form = "sms"')
        box.put(*(message(f"Desa Panjang Sekali Nomor {number}", box.clock.now) for number in range(9)))
        box.sender("first").step()
    assert hook.got[0]["title"] == ""
    assert hook.got[0]["message"] == (
        "Kecamatan Sandaran: 9 peringatan. Desa Panjang Sekali Nomor 0: listrik padam; "
        "Desa Panjang Sekali Nomor 1: listrik padam; +7 lainnya"
    )

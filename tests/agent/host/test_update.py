"""A signed wheel becomes the running version in real venvs, stays when it reports, and goes when it does not. No network."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.errors import ConfigError
from agent.host import update, versions
from agent.host.fetch import fetch
from agent.host.trial import Place, Version, start, watch
from agent.host.update import RunsAlreadyError, take_wanted, unpack
from agent.host.versions import VersionError, newer
from agent.spool import clock
from ground import pack
from ground.durable import link_durably
from ground.signed import verify, version_of
from telemetry.release import Release, encode_release
from tests.cut import PowerCutError, cut_before
from tests.wheels import served, wheel_of

PROGRAM = """
import sys

def main():
    exec(BODY)

BODY = '''
import sys
if {broken}:
    raise SystemExit("broken")
import needed
print("sinyal {version} needs", needed.VALUE)
'''
"""


def wheel(version: str, *, broken: bool = False, requires: str = "") -> bytes:
    """Make a small wheel of sinyal."""
    return wheel_of(version, PROGRAM.format(version=version, broken=broken), requires)


def name_of(version: str) -> str:
    return f"sinyal-{version}-py3-none-any.whl"


@pytest.fixture(scope="module")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make /opt/sinyal with version 0.1.0, which has a dependency, running."""
    folder = tmp_path_factory.mktemp("opt")
    first = folder / "0.1.0"
    venv.create(first)
    packages = next(first.glob("lib/python3.*/site-packages"))
    (packages / "needed.py").write_text("VALUE = 42\n")
    file = folder / name_of("0.1.0")
    file.write_bytes(wheel("0.1.0"))
    versions._install(file, first)
    link_durably(folder / "current", first)
    return folder


@pytest.fixture
def place(opt: Path, tmp_path: Path) -> Place:
    link_durably(opt / "current", opt / "0.1.0")
    (opt / "trial.json").unlink(missing_ok=True)
    return Place(opt, tmp_path / "status.json", ("sh", "-c", f"echo restarted >> {tmp_path}/restarts"), ("true",))


def says(opt: Path, name: str = "current") -> str:
    done = subprocess.run([opt / name / "bin/sinyal-agent"], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


def restarts(place: Place) -> int:
    return len((place.status.parent / "restarts").read_text().splitlines())


def report(place: Place, version: str, ack: int | None) -> None:
    state = {"boot": clock.boot_id(), "pid": os.getpid(), "running": True, "version": version, "last_ack_mono_ms": ack}
    place.status.write_text(json.dumps(state))


def test_a_new_version_that_reports_is_kept(place: Place) -> None:
    start(Version("0.2.0", wheel("0.2.0")), place)
    assert says(place.folder) == "sinyal 0.2.0 needs 42", "dependencies came along without any index"
    assert says(place.folder, "previous") == "sinyal 0.1.0 needs 42", "the version before is untouched"
    assert restarts(place) == 1
    report(place, "0.1.0", 5)
    answers = iter([("0.2.0", None), ("0.2.0", 7)])  # it runs, then the collector answers it
    assert watch(place, wait=lambda _: report(place, *next(answers)))
    assert not place.trial.exists()
    assert restarts(place) == 1
    assert says(place.folder) == "sinyal 0.2.0 needs 42"


def test_a_new_version_that_does_not_report_goes(place: Place) -> None:
    start(Version("0.3.0", wheel("0.3.0")), place)
    # A power cut now: the next boot finds the trial, and the version before, which sinyal-update.service runs, ends it.
    assert json.loads(place.trial.read_text()).items() >= {"new": "0.3.0", "old": str((place.folder / "0.1.0").resolve())}.items()
    assert (place.folder / "previous").resolve() == (place.folder / "0.1.0").resolve()
    report(place, "0.3.0", None)
    assert not watch(place, confirm_s=0)
    assert says(place.folder) == "sinyal 0.1.0 needs 42"
    assert restarts(place) == 2
    assert not place.trial.exists()
    assert watch(place), "nothing is on trial now"


@pytest.mark.parametrize(
    ("version", "content", "reason"),
    [
        ("0.5.0", wheel("0.5.0", broken=True), "broken"),
        ("0.5.1", wheel("0.5.1", requires="Requires-Dist: not-there-xyz\n"), "not-there-xyz"),
    ],
)
def test_a_version_that_cannot_be_built_changes_nothing(place: Place, version: str, content: bytes, reason: str) -> None:
    with pytest.raises(VersionError, match=reason):
        start(Version(version, content), place)
    assert not (place.folder / version).exists()
    assert not place.trial.exists()
    assert says(place.folder) == "sinyal 0.1.0 needs 42"
    assert not (place.status.parent / "restarts").exists()


def test_a_new_dependency_that_is_not_here_is_named(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"

    def put(name: str, version: str, requires: str = "") -> None:
        (packages / f"{name}-{version}.dist-info").mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}"
        (packages / f"{name}-{version}.dist-info/METADATA").write_text(text)

    agent = "".join(f'Requires-Dist: {wanted}; extra == "agent"\n' for wanted in ("Old_One>=2", "new-one>=3", "whole"))
    put("sinyal", "0.4.0", f'{agent}Requires-Dist: servers-own; extra == "collector"\n')
    put("old_one", "1.9")
    put("whole", "5", "Requires-Dist: below\n")
    put("below", "1")
    with pytest.raises(VersionError, match=r"needs Old_One>=2 \(1\.9 is here\), new-one>=3 \(not here\); give signed wheels"):
        versions.complete(tmp_path)
    put("new_one", "3.1")
    (packages / "old_one-1.9.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: old_one\nVersion: 2.0\n")
    versions.complete(tmp_path)


def test_old_versions_are_deleted_but_not_the_two_in_use(tmp_path: Path) -> None:
    for name in ("0.1.0", "0.2.0", "0.3.0", "notes"):
        (tmp_path / name).mkdir()
    link_durably(tmp_path / "current", tmp_path / "0.3.0")
    link_durably(tmp_path / "previous", tmp_path / "0.2.0")
    versions.prune(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"0.2.0", "0.3.0", "notes", "current", "previous"}


def test_a_version_that_runs_is_never_built_over(place: Place) -> None:
    for version in ("0.1.0", "../0.9.0", "current"):
        with pytest.raises(VersionError):
            versions.build(place.folder, version, [], place.folder / "0.1.0")
    assert says(place.folder) == "sinyal 0.1.0 needs 42"


@pytest.fixture
def key(tmp_path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "update.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return key


def test_only_what_the_office_signed_is_taken(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    content = wheel("0.2.0")
    verify(content, key.sign(content), tmp_path / "update.pub")
    for wrong in (key.sign(content + b" "), Ed25519PrivateKey.generate().sign(content), b"", b"x" * 64):
        with pytest.raises(ConfigError, match="not signed with the office's key"):
            verify(content, wrong, tmp_path / "update.pub")
    with pytest.raises(ConfigError, match="it comes with the bundle"):
        verify(content, key.sign(content), tmp_path / "none.pub")
    other = generate_private_key(SECP256R1()).public_key()
    (tmp_path / "ec.pub").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ConfigError, match="not an Ed25519 key"):
        verify(content, key.sign(content), tmp_path / "ec.pub")


def test_the_openssl_of_the_manual_signs_what_the_agent_takes(tmp_path: Path) -> None:
    file = tmp_path / name_of("0.2.0")
    file.write_bytes(wheel("0.2.0"))
    for command in (
        "genpkey -algorithm ed25519 -out update.key",
        "pkey -in update.key -pubout -out update.pub",
        f"pkeyutl -sign -rawin -inkey update.key -in {file.name} -out {file.name}.sig",
    ):
        assert command in (update.__doc__ or "")
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, timeout=30, capture_output=True)
    verify(fetch(str(file), tmp_path), fetch(f"{file}.sig", tmp_path), tmp_path / "update.pub")


def test_the_version_comes_from_inside_the_wheel() -> None:
    assert version_of(wheel("0.2.0")) == "0.2.0"
    for nothing in (b"", b"no zip", wheel("0.2.0").replace(b"sinyal-0.2.0", b"others-0.2.0")):
        with pytest.raises(ConfigError, match="no wheel of sinyal"):
            version_of(nothing)


def test_versions_are_compared_by_pep_440() -> None:
    order = ["0.9.0", "0.10.0.dev1", "0.10.0a1", "0.10.0rc1", "0.10.0", "0.10.0+local.1", "0.10.0.post1", "0.10.1", "1!0.1"]
    for place, version in enumerate(order):
        assert [newer(version, than) for than in order] == [place > other for other in range(len(order))], version
    assert not newer("1.0", "1.0.0"), "one version, written in two ways"
    assert not newer("no version", "0.1.0")
    assert newer("0.10.0", "0.9.0")
    assert newer("0.2.0", "sinyal")
    assert not newer("0.1.9", "0.2.0")
    assert not newer("0.2.0", "0.2.0")


def test_a_source_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"none\.whl: cannot be read"):
        fetch(str(tmp_path / "none.whl"), tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        fetch("http://127.0.0.1:9/sinyal.whl", tmp_path)
    monkeypatch.setattr("agent.host.fetch.MAX_BYTES", 10)
    (tmp_path / "big.whl").write_bytes(b"x" * 11)
    with pytest.raises(ConfigError, match="more than"):
        fetch(str(tmp_path / "big.whl"), tmp_path)


def test_a_pack_of_what_changed_makes_the_same_wheel_here(place: Place) -> None:
    content = pack.make(wheel("0.1.0"), wheel("0.6.0"))
    made = unpack(content, place.folder / "current", "0.1.0")
    with zipfile.ZipFile(BytesIO(made)) as ours, zipfile.ZipFile(BytesIO(wheel("0.6.0"))) as theirs:
        assert {n: ours.read(n) for n in ours.namelist()} == {n: theirs.read(n) for n in theirs.namelist()}
    assert "sinyal-0.6.0.dist-info/entry_points.txt" not in pack.read(content).files, "what did not change does not travel"
    assert unpack(wheel("0.6.0"), place.folder / "current", "0.1.0") == wheel("0.6.0"), "a whole wheel is taken as it is"
    with pytest.raises(RunsAlreadyError):  # the same command again, once it runs
        unpack(pack.make(wheel("0.0.9"), wheel("0.1.0")), place.folder / "current", "0.1.0")


@pytest.mark.parametrize(
    ("old", "touch", "reason"),
    [
        ("0.0.9", "", "makes 0.6.0 of 0.0.9, here runs 0.1.0; give the whole wheel"),
        ("0.1.0", "entry_points.txt", r"entry_points.txt: is not here as version 0.1.0 has it"),
    ],
)
def test_a_pack_that_does_not_fit_what_runs_is_refused(place: Place, old: str, touch: str, reason: str) -> None:
    info = next((place.folder / "0.1.0").glob("lib/python3.*/site-packages/sinyal-*.dist-info"))
    before = (info / touch).read_bytes() if touch else b""
    if touch:
        (info / touch).write_bytes(before + b"# edited here")
    try:
        with pytest.raises(ConfigError, match=reason):
            unpack(pack.make(wheel(old), wheel("0.6.0")), place.folder / "current", "0.1.0")
    finally:
        if touch:
            (info / touch).write_bytes(before)


def test_a_damaged_pack_is_an_error(place: Place) -> None:
    content = pack.make(wheel("0.1.0"), wheel("0.6.0"))
    for wrong in (b"", content[:-40], b"\xfd7zXZ" + b"x" * 50):
        with pytest.raises(ConfigError, match="damaged"):
            unpack(wrong, place.folder / "current", "0.1.0")


@pytest.mark.parametrize("about", [b"\xff\xfe{", b"[]", b"{}"])
def test_a_pack_that_says_nothing_of_itself_is_damaged(about: bytes) -> None:
    plain = BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        info = tarfile.TarInfo("pack.json")
        info.size = len(about)
        tar.addfile(info, BytesIO(about))
    with pytest.raises(pack.PackError, match="damaged"):
        pack.read(lzma.compress(plain.getvalue()))


def wish(place: Place, key: Ed25519PrivateKey, content: bytes, web: str, **news: object) -> Path:
    """Put a signed file on the web server, and the agent's wish for it into its folder."""
    folder = place.status.parent
    (folder / "web").mkdir(exist_ok=True)
    (folder / "web" / "file").write_bytes(content)
    (folder / "web" / "file.sig").write_bytes(key.sign(content))
    release = Release(**({"id": "r1", "version": "0.2.0", "files": (f"{web}/file",), "bytes": 1} | news))  # type: ignore[arg-type]
    (folder / "update.json").write_bytes(encode_release(release))
    (folder / "ca.crt").touch()
    return folder / "update.json"


def outcome(place: Place) -> dict[str, object]:
    return dict(json.loads(place.outcome.read_bytes()))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "web").mkdir()
    with served(tmp_path / "web") as address:
        yield address


def test_what_the_server_wants_is_fetched_tried_and_kept(place: Place, key: Ed25519PrivateKey, web: str) -> None:
    content = pack.make(wheel("0.1.0"), wheel("0.2.0"))
    file = wish(place, key, content, web)
    place.outcome.unlink(missing_ok=True)
    assert take_wanted(place, file, file.parent) == 0
    assert says(place.folder) == "sinyal 0.2.0 needs 42"
    report(place, "0.2.0", 7)
    assert watch(place)
    assert outcome(place) == {"id": "r1", "version": "0.2.0", "state": "kept", "reason": "", "bytes": len(content) + 64}
    assert take_wanted(place, file, file.parent) == 0, "asked for again meanwhile: nothing is to be done"
    assert restarts(place) == 1


@pytest.mark.parametrize(
    ("content", "news", "reason"),
    [
        (wheel("0.0.9"), {"version": "0.0.9"}, "is older than 0.1.0"),
        (wheel("0.1.0rc1"), {"version": "0.1.0rc1"}, "is older than 0.1.0"),
        (wheel("0.4.0"), {}, "makes 0.4.0, wanted was 0.2.0"),
        (wheel("0.2.0", requires='Requires-Dist: new-one>=3; extra == "agent"\n'), {}, "it needs new-one>=3 (not here)"),
        (b"rubbish", {}, "damaged"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(
    place: Place, key: Ed25519PrivateKey, web: str, content: bytes, news: dict[str, object], reason: str
) -> None:
    place.outcome.unlink(missing_ok=True)
    file = wish(place, key, content, web, **news)
    assert take_wanted(place, file, file.parent) == 1
    assert outcome(place)["state"] == "refused"
    assert reason in str(outcome(place)["reason"])
    assert says(place.folder) == "sinyal 0.1.0 needs 42"
    assert not place.trial.exists()


def test_a_server_that_is_away_is_asked_again_and_an_unsigned_file_is_refused(
    place: Place, key: Ed25519PrivateKey, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.host.fetch.TRIES", 0)
    monkeypatch.setattr("agent.host.fetch.WAIT_S", (0.0,))
    place.outcome.unlink(missing_ok=True)
    file = wish(place, key, wheel("0.2.0"), web, files=("http://127.0.0.1:9/file",))
    assert take_wanted(place, file, file.parent) == 4
    assert not place.outcome.exists(), "the agent asks again"
    file = wish(place, Ed25519PrivateKey.generate(), wheel("0.2.0"), web)
    assert take_wanted(place, file, file.parent) == 1
    assert "not signed with the office's key" in str(outcome(place)["reason"])


def test_a_wish_that_leads_elsewhere_is_not_read(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root's own")
    (tmp_path / "update.json").symlink_to(tmp_path / "secret")
    assert take_wanted(place, tmp_path / "update.json", tmp_path) == 2
    assert take_wanted(place, tmp_path / "none.json", tmp_path) == 2


@pytest.mark.parametrize("good", [True, False])
def test_the_power_may_go_between_any_two_steps_of_a_trial(place: Place, *, good: bool) -> None:
    """Each change of a name is a step; tests/updatecuts.py cuts a block device at any instant."""
    version, cuts = Version("0.2.0" if good else "0.3.0", wheel("0.2.0" if good else "0.3.0"), id="r7"), 0
    (place.folder / version.name).mkdir(exist_ok=True)

    def trial() -> None:
        watch(place, confirm_s=60 if good else 0)

    report(place, version.name, 7 if good else None)
    for act in range(30):
        link_durably(place.folder / "current", place.folder / "0.1.0")
        link_durably(place.folder / "previous", place.folder / "0.1.0")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(versions, "build", lambda *_: place.folder / version.name)
            patch.setattr(versions, "prune", lambda *_: None)
            cut_before(act, ("replace", "rename", "unlink"), patch)
            try:
                start(version, place)
                trial()
            except PowerCutError:
                cuts += 1
        now = (place.folder / "current").resolve()
        assert now in (place.folder / "0.1.0", place.folder / version.name)
        begun = place.trial.exists()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(versions, "prune", lambda *_: None)
            trial()
        assert not place.trial.exists()
        if begun:
            end = version.name if good else "0.1.0"
            assert (place.folder / "current").resolve().name == end
            assert outcome(place)["state"] == ("kept" if good else "rolled_back")
    assert cuts >= 5

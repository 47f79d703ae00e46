"""What goes wrong around a publish: processes that die, bad weather, two at once, a state that cannot be used."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]


def converges(catalogue: Catalogue) -> None:
    """A new publish ends well, and leaves nothing to do and one product of each id."""
    again = catalogue.run("publish", "--yes")
    assert again.code == 0, again.err
    plan = json.loads(catalogue.run("plan", "--format", "json").out)
    assert plan["changes"] == []
    assert plan["existing"] == 2
    assert [each["product"] for each in plan["unchanged"]] == ["queue", "store"]


@pytest.mark.parametrize("weather", ["die=12", "kill=20", "die=25", "kill=29", "die=33"])
def test_a_killed_publish_is_continued(weather: str, catalogue: Make) -> None:
    """`die` before a call reaches AWS, `kill` after AWS did it and before its answer."""
    made = catalogue()
    killed = made.spawn("publish", "--yes", CATALOG_WEATHER=weather)
    assert killed.code == 137, killed.err
    converges(made)


@pytest.mark.proof
@pytest.mark.parametrize("number", range(1, 101))
@pytest.mark.parametrize("how", ["die", "kill"])
def test_a_publish_killed_at_any_call_is_continued(how: str, number: int, catalogue: Make) -> None:
    made = catalogue()
    killed = made.spawn("publish", "--yes", CATALOG_WEATHER=f"{how}={number}")
    assert killed.code in (0, 137), killed.err  # 0 when it takes fewer calls
    converges(made)


@pytest.mark.parametrize(
    "weather", ["throttle=0.3 seed=1", "settle=2", "throttle=0.1 settle=1 seed=2", "fail=20"]
)
def test_bad_weather_is_waited_out(weather: str, catalogue: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = catalogue()
    monkeypatch.setenv("CATALOG_WEATHER", weather)
    ran = made.run("publish", "--yes")
    assert ran.code == 0, ran.err
    monkeypatch.delenv("CATALOG_WEATHER")
    converges(made)


def test_an_interrupted_publish_says_so_and_is_continued(catalogue: Make) -> None:
    made = catalogue()
    process = subprocess.Popen(
        made.command("publish", "--yes"),
        env=made.environment(CATALOG_WEATHER="latency=30"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if line.startswith("[ 6/"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    assert process.wait(30) == 130
    assert "interrupted: what was done is kept" in rest
    assert "Traceback" not in rest
    process.stderr.close()
    converges(made)


def test_two_publishers_at_once(catalogue: Make) -> None:
    """One of them publishes; the other does the same after it, or is told to wait."""
    made = catalogue()
    processes = [
        subprocess.Popen(
            made.command("publish", "--yes"),
            env=made.environment(CATALOG_WEATHER="latency=5"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [(process.communicate()[1], process.returncode) for process in processes]
    codes = sorted(code for _, code in ended)
    assert codes[0] == 0, ended
    assert codes[1] in (0, 3), ended
    for told, code in ended:
        if code == 3:
            assert "another publisher" in told
    converges(made)


def test_a_claim_of_a_living_publisher_is_respected(catalogue: Make) -> None:
    made = catalogue()
    slow = subprocess.Popen(
        made.command("publish", "--yes"),
        env=made.environment(CATALOG_WEATHER="latency=60"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert slow.stderr
    for line in slow.stderr:
        if line.startswith("[ 7/"):
            break
    refused = made.run("publish", "--yes")
    assert refused.code == 3
    assert f"another publisher is at work (process {slow.pid} on " in refused.err
    slow.stderr.read()
    slow.stderr.close()
    assert slow.wait(60) == 0
    converges(made)


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_no_room_for_the_state(catalogue: Make) -> None:
    made = catalogue()
    done = subprocess.run(
        made.command("publish", "--yes"),
        env=made.environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limited,
    )
    assert done.returncode in (1, 4)
    assert "Traceback" not in done.stderr
    assert str(made.state) in done.stderr or "disk" in done.stderr
    converges(made)


def test_no_room_for_the_build(catalogue: Make) -> None:
    """A file-size limit stands in for a full disk; what was built before is still whole."""
    made = catalogue()
    assert made.run("build").code == 0
    before = (made.root / "build/store/template.yaml").read_bytes()
    made.edit("products/templates/store.yaml", "An encrypted bucket", "x" * 900)
    made.write(
        "products/templates/store.yaml",
        (made.root / "products/templates/store.yaml").read_text() + "#" * 200_000,
    )
    done = subprocess.run(
        made.command("build", "store"),
        env=made.environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limited,
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert (made.root / "build/store/template.yaml").read_bytes() == before


def test_a_state_folder_that_cannot_be_made(catalogue: Make) -> None:
    made = catalogue()
    blocked = made.root / "file"
    blocked.write_text("")
    ran = made.spawn("publish", "--yes", CATALOG_STATE=str(blocked / "state"))
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert str(blocked) in ran.err


def _state_file(catalogue: Catalogue) -> Path:
    (found,) = catalogue.state.glob("*.sqlite")
    return found


@pytest.mark.parametrize("damage", ["format", "foreign", "noise", "truncated"])
def test_a_state_that_is_not_usable_is_reported_and_kept(damage: str, catalogue: Make) -> None:
    made = catalogue()
    assert (
        made.spawn("publish", "--yes").code == 0
    )  # in a process of its own, which leaves no log beside the file
    file = _state_file(made)
    for each in made.state.glob("*.sqlite-*"):
        each.unlink()
    if damage == "format":
        state = sqlite3.connect(file)
        state.execute("PRAGMA user_version = 999")
        state.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        state.close()
    elif damage == "foreign":
        file.unlink()
        state = sqlite3.connect(file)
        state.execute("CREATE TABLE somebody_elses (x)")
        state.close()
    elif damage == "noise":
        file.write_bytes(b"not a database at all" * 100)
    else:
        file.write_bytes(file.read_bytes()[:5000])
    before = file.read_bytes()
    ran = made.spawn("publish", "--yes")
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    assert "catalog local reset" in ran.err or "CATALOG_STATE" in ran.err
    assert file.read_bytes() == before


def test_reset_begins_anew(catalogue: Make) -> None:
    made = catalogue()
    assert made.run("publish", "--yes").code == 0
    assert made.run("local", "reset").code == 0
    assert json.loads(made.run("plan", "--format", "json").out)["existing"] == 0
    shutil.rmtree(made.state)
    assert "nothing yet" in made.run("local", "status").out


def test_no_file_is_left_by_a_plan_that_cannot_be_saved(catalogue: Make) -> None:
    made = catalogue()
    ran = made.run("plan", "--out", str(made.root / "no/such/folder/plan.json"))
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_waiting_is_patient_but_not_endless(catalogue: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never settles ends with a word of what it waits for, and is continued when it has settled."""
    made = catalogue()
    monkeypatch.setenv("CATALOG_WEATHER", "settle=1000")
    ran = made.run("publish", "--yes")
    assert ran.code == 4
    assert "version 1.0.0 of product queue is still CREATING. AWS is slow today; run again." in ran.err
    monkeypatch.delenv("CATALOG_WEATHER")
    converges(made)

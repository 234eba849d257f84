"""How programs end: a reader that goes away, SIGTERM, a port in use; each without a traceback."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.common.endings import end
from tests.support.entry import load_entry
from tests.support.paths import ROOT


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    program = started("-m", "app", "methods")
    assert program.stdout is not None
    program.stdout.close()
    _, said = program.communicate(timeout=120)
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_sigterm_leaves_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = started("-m", "app", "generate", "--prompt", "a dog", "--steps", "200", "--out", str(out))
    for _ in range(600):
        if list(tmp_path.glob(".generating-*")) or list(tmp_path.glob("*/.generating-*")):
            break
        time.sleep(0.1)
    else:
        pytest.fail("it never began")
    program.send_signal(signal.SIGTERM)
    _, said = program.communicate(timeout=120)
    assert program.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in said
    assert not list(tmp_path.rglob(".generating-*"))


def test_ctrl_c_is_quiet_and_other_errors_are_not() -> None:
    begin = "from app.common.endings import quiet_interrupt; quiet_interrupt(); "
    for raised, traceback in (("KeyboardInterrupt", False), ("ZeroDivisionError", True)):
        program = started("-c", f"{begin}raise {raised}")
        _, said = program.communicate(timeout=60)
        assert ("Traceback" in said) is traceback
        assert program.returncode != 0


def test_what_a_signal_left_half_made_is_quiet_and_other_destructors_are_not() -> None:
    for number in ("SIGTERM", "SIGINT"):
        for failing, traceback in (("self.missing", False), ("1 / 0", True)):
            program = started("-c", half_made(failing, f"signal.raise_signal(signal.{number})"))
            _, said = program.communicate(timeout=60)
            assert ("Traceback" in said) is traceback
            assert program.returncode != 0
    _, said = started("-c", half_made("self.missing", "sys.exit(1)")).communicate(timeout=60)
    assert "Traceback" in said  # no signal ended it


def half_made(failing: str, ended: str) -> str:
    """A program that ends in the making of an object whose destructor fails."""
    return f"""
import signal, sys
from app.common.endings import catch_signals, quiet_interrupt
quiet_interrupt()
class Half:
    def __init__(self): {ended}
    def __del__(self): {failing}
catch_signals()
Half()
"""


@pytest.mark.parametrize(
    ("ended", "status", "taken_down"),
    [
        ("signal.raise_signal(signal.SIGTERM)", 143, False),
        ("signal.raise_signal(signal.SIGINT)", 130, False),
        ("quiet(signal.SIGINT)", 5, False),  # as a server that closes at Ctrl-C and returns
        ("pass", 5, True),
        ("sys.exit(2)", 2, True),
    ],
)
def test_after_a_signal_the_interpreter_is_not_taken_down(ended: str, status: int, taken_down: bool) -> None:
    program = started(
        "-c",
        f"""
import atexit, signal, sys
from app.common.endings import catch_signals, quiet_interrupt, run
quiet_interrupt()
class Loading:  # stands for a thread inside C++, which aborts when it is cut off
    def __del__(self): print("taken down")
def quiet(number):
    try: signal.raise_signal(number)
    except KeyboardInterrupt: pass
def main():
    catch_signals()
    {ended}
    return 5
loading = Loading()
atexit.register(print, "cleaned up")
run(main)
""",
    )
    said, wrong = program.communicate(timeout=60)
    assert program.returncode == status
    assert said.splitlines() == ["cleaned up", *(["taken down"] if taken_down else [])]
    assert "Traceback" not in wrong


def test_the_server_ends_by_both_signals_in_the_same_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handlers: list[object] = []
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    entry = load_entry()
    monkeypatch.setattr(sys, "argv", ["app.py", "--runs", str(tmp_path)])
    monkeypatch.setattr(entry, "build", lambda _: None)
    monkeypatch.setattr(entry, "launch", lambda *_: handlers.extend(map(signal.getsignal, usual)))
    try:
        entry.main()
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    assert handlers == [end, end]


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        program = started("app.py", "--port", port, "--runs", str(tmp_path / "runs"))
        _, said = program.communicate(timeout=180)
    assert f"port {port} is in use" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--port", "70000"), "'70000' is no port; accepted: 1 to 65535"),
        (("--port", "0"), "'0' is no port"),
        (("--host", "203.0.113.7"), "cannot listen on 203.0.113.7, port any: "),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_said_in_one_line(
    given: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py", *given])
    with pytest.raises(SystemExit, match="2"):
        load_entry().main()
    assert said in capsys.readouterr().err.splitlines()[-1]

"""`uncac-review`: help for every command, and one clear line instead of a traceback."""

import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from review import cli
from review.processes import free_port
from review.stack import Folder, StackError

COMMANDS = [
    "run",
    "serve",
    "worker",
    "beat",
    "migrate",
    "seed",
    "replay",
    "check",
    "docs",
    "lots",
    "watch",
    "reset",
]


def uncac_review(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "review.cli", *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    assert f"usage: uncac-review {command}" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = capsys.readouterr().out
    assert all(f"    {command} " in listed for command in COMMANDS)


def test_a_date_that_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["replay", "--until", "24 May"])
    assert left.value.code == 2
    assert "write it as 2013-05-24" in capsys.readouterr().err


def test_an_unusable_setting_ends_the_run_before_anything_is_made(tmp_path: Path) -> None:
    done = uncac_review("run", DATA_DIR=str(tmp_path / "data"), PORT="many")
    assert done.returncode == 2
    assert "PORT cannot be used: it should be a whole number from 1 to 65535" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_commands_of_production_list_everything_that_is_missing(tmp_path: Path) -> None:
    done = uncac_review("migrate", DATA_DIR=str(tmp_path / "data"), SECRET_KEY="", MAIL_FROM="")
    assert done.returncode == 2
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY", "BASE_URL", "MAIL_FROM"):
        assert f"{name} is missing: " in done.stderr


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    done = uncac_review(
        "migrate",
        DATA_DIR=str(tmp_path),
        DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/reviews",
        REDIS_URL="redis://127.0.0.1:1",
        SMTP_URL="smtp://127.0.0.1:1",
        SECRET_KEY="k" * 32,
        BASE_URL="http://127.0.0.1",
        MAIL_FROM="reviews@secretariat.example",
    )
    assert done.returncode == 1
    assert "connection" in one_line(done)


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = uncac_review("run", DATA_DIR=str(tmp_path / "data"), PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is in use by another program" in one_line(done)
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = uncac_review("run", DATA_DIR=str(tmp_path / "file"), PORT=str(free_port()))
    assert done.returncode == 1
    assert "The data folder cannot be written" in one_line(done)
    assert "DATA_DIR" in done.stderr


def test_a_read_only_folder_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write everywhere")
    done = uncac_review("run", DATA_DIR=str(tmp_path / "data"), PORT=str(free_port()))
    assert done.returncode == 1
    assert "The data folder cannot be written" in one_line(done)


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 5 << 20))
    with (
        pytest.raises(StackError, match="The disk is too full: 5 MB free"),
        Folder(tmp_path).held(),
    ):
        pass


def test_a_second_run_over_the_same_folder_is_refused(tmp_path: Path) -> None:
    with Folder(tmp_path).held():
        assert Folder(tmp_path).is_held()
        done = uncac_review("run", DATA_DIR=str(tmp_path), PORT=str(free_port()))
        assert done.returncode == 1
        assert f"It runs already, as process {os.getpid()}" in one_line(done)
        assert uncac_review("reset", DATA_DIR=str(tmp_path)).returncode == 1
    assert not Folder(tmp_path).is_held()


def test_reset_throws_away_our_folder_and_no_other(tmp_path: Path) -> None:
    ours, other = Folder(tmp_path / "ours"), Folder(tmp_path / "other")
    with ours.held():
        ours.secret_key()
        (ours.mailbox / "deep").mkdir(parents=True)
    ours.reset()
    assert list(ours.path.iterdir()) == []
    other.path.mkdir()
    (other.path / "letter").write_text("Dear …")
    with pytest.raises(StackError, match="no data folder of the application"):
        other.reset()
    assert (other.path / "letter").exists()
    Folder(tmp_path / "nothing").reset()


def test_secrets_are_kept_and_private(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.secret_key() == folder.secret_key()
    assert folder.clock_offset(first=-5) == folder.clock_offset(first=-9) == -5
    folder.keep_environment({"SECRET_KEY": "x"})
    assert folder.environment() == {}, "no stack runs over the folder"
    with folder.held():
        assert folder.environment() == {"SECRET_KEY": "x"}
    for name in ("secret-key", "clock-offset", "environment.json"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_demonstration_interrupted_while_loading_is_thrown_away(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.held():
        secret = folder.secret_key()
        folder.postgres.mkdir()
        with pytest.raises(KeyboardInterrupt), folder.loading():
            raise KeyboardInterrupt
        folder.forget_unfinished()
        assert not folder.postgres.exists()
        assert folder.secret_key() == secret
        folder.postgres.mkdir()
        with folder.loading():
            pass
        folder.forget_unfinished()
        assert folder.postgres.exists()
    assert folder.accounts() == []

"""Starting and stopping: refusals before anything is touched, kills that only mean starting again."""

import contextlib
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.server_process import StartFailed, running_server, start_server
from tests.support.server_requests import append, event, problem, size


def test_the_first_start_says_what_it_made_and_keeps_it_private(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data) as server, server.client() as client:
        assert "created data directory" in server.stderr
        assert "owner.token" in server.stderr
        assert server.token not in server.stderr
        assert client.get("/readyz").json() == {"status": "ready"}
    assert (data.stat().st_mode & 0o777, (data / "owner.token").stat().st_mode & 0o777) == (0o700, 0o600)
    for private in ("control.sqlite", "keys/default.key", "keys/system.key", "keys/redaction.hmac"):
        assert (data / private).stat().st_mode & 0o077 == 0


def test_a_second_start_makes_nothing_and_keeps_the_entries(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as client:
        token = server.token
        append(client, event(id="kept"))
    with running_server(tmp_path / "data") as server, server.client() as client:
        assert "created" not in server.stderr
        assert server.token == token
        assert client.get("/v1/logs/default/events/0").json()["id"] == "kept"


def test_sigterm_ends_with_success_and_finishes_what_was_accepted(tmp_path: Path) -> None:
    answers: list[int] = []
    with running_server(tmp_path / "data") as server:
        started = threading.Semaphore(0)

        def work() -> None:
            with contextlib.suppress(httpx.TransportError), server.client() as client:
                while True:
                    answers.append(append(client, event()).status_code)
                    started.release()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for _ in range(20):
            assert started.acquire(timeout=60)
        assert server.stop() == 0
        for worker in workers:
            worker.join()
    assert set(answers) <= {200, 503}
    with running_server(tmp_path / "data") as server, server.client() as client:
        assert size(client) >= answers.count(200)


@pytest.mark.slow
@pytest.mark.parametrize("step_s", [0.1, pytest.param(0.01, marks=pytest.mark.soak)])
def test_sigkill_at_any_moment_of_the_first_start_is_recovered_by_the_next(tmp_path: Path, step_s: float) -> None:
    """Killed after growing delays, until one start gets ready by itself; every leftover must then start."""
    finished = False
    for step in range(1, 400):
        data = tmp_path / f"data{step}"
        process = subprocess.Popen(
            [sys.executable, "-m", "graven", "serve", "--data", str(data), "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE,
            env={"PATH": "", "XDG_STATE_HOME": str(tmp_path / f"state{step}")},
        )
        try:  # the delay is the random moment, not a synchronisation
            process.wait(timeout=0.2 + step_s * step)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        said = process.communicate()[1]
        if not data.exists():
            continue
        env = {"XDG_STATE_HOME": str(tmp_path / f"state{step}")}
        with running_server(data, env=env) as server, server.client() as client:
            assert append(client, event()).status_code == 200
            valid = [t for t in client.get("/v1/tokens").json()["tokens"] if t["revoked"] is None]
            assert len(valid) == 1
        shutil.rmtree(data)
        if b"ready on" in said:
            finished = True
            break
    assert finished


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--listen", "0.0.0.0:0"), "without TLS"),
        (("--listen", "0.0.0.0:0", "--insecure-no-tls", "--no-auth"), "authentication off"),
        (("--no-auth",), "authentication off"),
        (("--listen", "nowhere"), "cannot listen"),
        (("--tls-cert", "absent.pem"), "certificate and a key"),
        (("--tls-cert", "absent.pem", "--tls-key", "absent.pem"), "no file"),
    ],
)
def test_a_refused_address_touches_nothing(tmp_path: Path, flags: tuple[str, ...], reason: str) -> None:
    with pytest.raises(StartFailed) as refused:
        start_server(tmp_path / "data", *flags)
    assert refused.value.returncode not in (0, None)
    assert reason in refused.value.text
    assert not (tmp_path / "data").exists()


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.tex").write_text("precious")
    with pytest.raises(StartFailed) as refused:
        start_server(tmp_path / "data")
    assert "thesis.tex" in refused.value.text
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["thesis.tex"]


def test_two_servers_on_one_directory_are_refused(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        with pytest.raises(StartFailed):
            start_server(tmp_path / "data")
        with server.client() as client:
            assert append(client, event()).status_code == 200


@pytest.mark.parametrize("name", ["default", "system"])
def test_a_log_that_is_gone_is_never_made_again(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    with running_server(data):
        pass
    shutil.rmtree(data / "logs" / name)
    with pytest.raises(StartFailed) as refused:
        start_server(data)
    assert "is gone" in refused.value.text
    assert not (data / "logs" / name).exists()


def test_without_authentication_everybody_may_append_and_the_start_says_so(tmp_path: Path) -> None:
    flags = ("--no-auth", "--insecure-no-auth")
    with running_server(tmp_path / "data", *flags) as server, server.client(headers={}) as client:
        assert append(client, event()).status_code == 200
    assert "WITHOUT AUTHENTICATION" in server.stderr


def test_the_address_lies_in_the_data_directory_while_the_server_runs(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        assert (tmp_path / "data" / "server.address").read_text() == f"{server.url}\n"
    assert not (tmp_path / "data" / "server.address").exists()


def test_a_stop_is_told(tmp_path: Path) -> None:
    server = start_server(tmp_path / "data")
    assert server.stop() == 0
    server.reader.join(timeout=60)
    assert server.lines[-1] == "graven: stopped\n"


def test_an_owner_token_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data):
        pass
    (data / "owner.token").chmod(0o644)
    with pytest.raises(StartFailed, match=r"owner\.token may be read by others"):
        start_server(data)


def test_slips_in_public_logs_and_variables_are_told(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--public-log", "defualt", env={"GRAVEN_LISTN": "x"}) as server:
        said = server.stderr
    assert "there is no log defualt (did you mean default?)" in said
    assert "GRAVEN_LISTN is not known (did you mean GRAVEN_LISTEN?)" in said


def test_a_revoked_token_is_refused_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as client:
        made = client.post("/v1/tokens", json={"name": "ci", "roles": ["recorder"], "logs": ["default"]}).json()
        headers = {"Authorization": f"Bearer {made['token']}"}
        assert append(client, event(), headers=headers).status_code == 200
        assert client.delete(f"/v1/tokens/{made['id']}").status_code == 204
        assert append(client, event(), headers=headers).status_code == 401


def test_tls_serves_appends_and_a_plain_client_gets_nothing(tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path)
    with running_server(tmp_path / "data", "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        assert server.url.startswith("https://")
        with server.client(verify=ssl.create_default_context(cafile=str(cert))) as client:
            assert append(client, event()).status_code == 200
            refused = client.post("/v1/logs/default/events", content=b"{", headers={"Content-Type": "application/json"})
            assert problem(refused)["code"] == "not_json"
        with pytest.raises(httpx.TransportError), server.client(base_url=server.url.replace("https", "http")) as plain:
            plain.get("/healthz")


def test_anchored_checkpoints_lie_where_they_were_asked_for(tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    with running_server(tmp_path / "data", "--anchor", str(anchor)) as server, server.client() as client:
        append(client, event(), params={"wait": "published"})
        checkpoint = client.get("/logs/default/checkpoint").content
    assert checkpoint in [path.read_bytes() for path in anchor.rglob("*") if path.is_file()]


def test_a_damaged_tile_is_found_in_the_background(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data) as server, server.client() as client:
        append(client, *(event() for _ in range(300)), params={"wait": "published"})
    tile = next(path for path in (data / "logs/default/tile/0").iterdir() if path.is_file())
    content = bytearray(tile.read_bytes())
    content[7] ^= 1
    tile.chmod(0o644)
    tile.write_bytes(content)
    with running_server(data, "--verification-interval-s", "0.2") as server, server.client() as client:
        # Counted first, recorded by a thread of its own: what is recorded was counted and logged.
        deadline = time.monotonic() + 60
        while not (found := _scrub_findings(client)):
            assert time.monotonic() < deadline, server.lines
        assert found[0]["action"] == "incident.scrub_finding"
        assert 'kind="scrub_finding"' in client.get("/metrics").text
    assert any('"scrub_finding"' in line for line in server.lines)


def _scrub_findings(client: httpx.Client) -> list[dict[str, str]]:
    entries = [client.get(f"/v1/logs/system/events/{i}").json()["data"] for i in range(size(client, "system"))]
    return [data for data in entries if data["action"].startswith("incident.")]


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path

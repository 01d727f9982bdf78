"""Secrets planted in a suite are in no file of the recorder and of the server, whatever their form and compression."""

import base64
import json
import secrets
import socket
from collections import Counter

import pytest
from tests.support.secret_forms import bytes_under, find_planted, forms, opened
from tests.support.server_process import running_server

pytestmark = pytest.mark.slow

KINDS = (
    "bearer", "cookie", "header_key", "set_cookie", "access_token", "basic", "query", "signature", "userinfo", "dsn",
    "form", "form_nested", "json", "json_inside", "json_url", "multipart", "sql_named", "sql_positional", "sql_literal",
    "sql_insert", "sql_rows", "sql_where", "argument", "argument_joined", "stdin", "environment", "aws_environment",
    "job_token", "local", "object", "raised", "parameter", "fixture", "printed", "printed_json", "printed_repr",
    "printed_colon", "printed_header", "logged", "encoded",
)  # fmt: skip

SUITE = """
import base64, dataclasses, json, logging, os, sqlite3, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import requests

PLANTED = json.loads((Path(__file__).parent / "planted.json").read_text())


def planted(name):
    return PLANTED[name]


class Shop(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"access_token": planted("access_token")}).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", f"sid={planted('set_cookie')}; Path=/; HttpOnly")
        self.send_header("X-Kept", "harmless-answer")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def shop():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def settings():
    return {"api_key": planted("fixture"), "theme": "harmless-theme"}


def test_headers(shop):
    headers = {
        "Authorization": f"Bearer {planted('bearer')}",
        "Cookie": f"theme=dark; sid={planted('cookie')}",
        "X-Api-Key": planted("header_key"),
    }
    answer = httpx.post(f"{shop}/orders?token={quote(planted('query'))}&page=harmless-page", headers=headers)
    print("got", answer.json()["access_token"], answer.headers["set-cookie"])
    print("sent", *headers.values())
    requests.get(f"{shop}/file?X-Amz-Signature={quote(planted('signature'))}&x=1", headers=headers)
    assert answer.json() == {}


def test_credentials(shop):
    httpx.get(shop, auth=("alice", planted("basic")))
    print("basic password was", planted("basic"))
    requests.get(shop.replace("//", f"//bob:{quote(planted('userinfo'), safe='')}@"))
    url = f"postgres://shop:{quote(planted('dsn'), safe='')}@db.example/shop"
    raise ConnectionError(f"cannot reach {url}")


def test_forms(shop):
    httpx.post(shop, data={"user": "a", "password": planted("form")})
    httpx.post(shop, data={"user": "harmless-user"})
    requests.post(shop, data={"user[password]": planted("form_nested"), "x": "1"})
    httpx.post(shop, data={"title": "none"}, files={"avatar": ("a.txt", b"harmless-upload")})
    httpx.post(shop, data={"user_password": planted("multipart")}, files={"avatar": ("a.txt", b"x")})


def test_json(shop):
    httpx.post(shop, json={"user": "a", "password": planted("json")})
    httpx.post(shop, json={"payload": json.dumps({"password": planted("json_inside")})})
    httpx.post(shop, data={"payload": json.dumps({"password": planted("json_url")})})


def test_sql():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE users (name TEXT, password TEXT)")
    database.execute("INSERT INTO users VALUES (:name, :password)", {"name": "a", "password": planted("sql_named")})
    database.execute("INSERT INTO users (name, password) VALUES (?, ?)", ("harmless-name", planted("sql_positional")))
    database.execute("INSERT INTO users (name, password) VALUES ('d', '%s')" % planted("sql_insert").replace("'", "''"))
    database.execute("UPDATE users SET password = '%s' WHERE name = 'b'" % planted("sql_literal").replace("'", "''"))
    database.executemany("INSERT INTO users (password, name) VALUES (?, ?)", [(planted("sql_rows"), "c")])
    database.execute("SELECT name FROM users WHERE password = ?", (planted("sql_where"),)).fetchall()
    assert len(database.execute("SELECT name, password FROM users").fetchall()) == 4
    database.execute("SELECT * FROM users").fetchall()
    database.close()


def test_processes():
    program = "import sys; print(sys.argv[1:], sys.stdin.read())"
    given = json.dumps({"secret": planted("stdin")})
    options = ["--password", planted("argument"), f"--api-key={planted('argument_joined')}"]
    command = [sys.executable, "-c", program, "harmless-word", *options]
    subprocess.run(command, input=given, capture_output=True, text=True, check=True)


def test_environment():
    print("variables", os.environ["SHOP_PASSWORD"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["CI_JOB_TOKEN"])


@dataclasses.dataclass
class Account:
    name: str
    password: str


def test_locals():
    secret_key = planted("local")
    account = Account("harmless-account", planted("object"))
    copied = [f"{account.name}:{account.password}:{secret_key}"]
    headers = {b"authorization": b"Bearer " + planted("raised").encode()}
    raise PermissionError(f"denied for {copied} with {headers}")


@pytest.mark.parametrize("password", [planted("parameter")])
def test_parameter(password, settings):
    print("parameter", password)


def test_later(settings):
    print("fixture", planted("fixture"))
    assert settings == {"api_key": "?"}


def test_output():
    print("password=" + planted("printed"))
    print(json.dumps({"client_secret": planted("printed_json"), "kept": 1}))
    print({"api_key": planted("printed_repr")})
    print(f"Password: {planted('printed_colon')}")
    print(f"> Authorization: Bearer {planted('printed_header')}")
    logging.getLogger("shop").warning("login with %s", {"password": planted("logged")})


def test_key_and_card():
    print("-----BEGIN PRIVATE KEY-----", PLANTED["pem"], "-----END PRIVATE KEY-----", sep="\\n")
    print("card", PLANTED["card"])


def test_encoded():
    password = planted("encoded")
    raw = password.encode()
    print(*(base64.b64encode(b"x" * lead + raw + b"tail").decode() for lead in range(3)))
    print(*(base64.urlsafe_b64encode(b"x" * lead + raw).decode() for lead in range(3)))
    print(quote(password), quote(password, safe=""), quote(password, safe="").lower(), raw.hex(), raw.hex().upper())
    print(json.dumps(password), json.dumps(json.dumps(password)), repr(password), ascii(password))
    wide = [password.encode("utf-16-le"), password.encode("utf-16-be"), b"harmless" + raw]
    raise ValueError(password)
"""

HTTP_REQUESTS, SQL_STATEMENTS = 12, 9
HARMLESS = (
    b"harmless-answer", b"harmless-theme", b"harmless-user", b"harmless-upload",
    b"harmless-name", b"harmless-word", b"harmless-account",
)  # fmt: skip
"""Stand beside the secrets and have to be kept: what deletes everything hides nothing."""


@pytest.fixture(scope="module")
def planted():
    """Each is long and random, and has characters that encodings change."""
    made = {kind: f"{secrets.token_hex(5)}&ü/{secrets.token_hex(12)}" for kind in KINDS}
    for ascii_kind in ("bearer", "cookie", "header_key", "set_cookie", "printed_header", "raised", "job_token"):
        made[ascii_kind] = f"{secrets.token_hex(5)}-/{secrets.token_hex(12)}"  # a header holds no others
    made["pem"] = base64.b64encode(secrets.token_bytes(48)).decode()
    made["card"] = "4539578763621486"
    return made


def cores(planted):
    """The secrets, and the long half of each: a secret that was cut is a secret still."""
    halves = {f"half of {name}": secret.rpartition("/")[2] for name, secret in planted.items() if name != "pem"}
    return planted | {name: half for name, half in halves.items() if len(half) >= 16}


def run_suite(project, planted, **environ):
    (project.folder / "planted.json").write_text(json.dumps(planted))
    project.write(test_shop=SUITE)
    given = {
        "SHOP_PASSWORD": planted["environment"],
        "AWS_SECRET_ACCESS_KEY": planted["aws_environment"],
        "CI_JOB_TOKEN": planted["job_token"],
    }
    said = project.run("--tb=no", "-q", "-rN", "--show-capture=no", "-p", "no:cacheprovider", **given, **environ)
    assert "5 failed, 8 passed" in said.stdout, said.stdout + said.stderr
    assert "could not be recorded" not in said.stdout
    return [("stdout", said.stdout.encode()), ("stderr", said.stderr.encode())]


def check(planted, places):
    everything = b"\n".join(data for _, data in places)
    assert [word for word in HARMLESS if word not in everything] == []
    assert sorted(find_planted(cores(planted), places)) == []


def test_in_a_data_directory(project, planted):
    said = run_suite(project, planted)
    seen = Counter(event["action"] for event in project.events())
    assert (seen["http.request"], seen["sql.statement"], seen["process.run"]) == (HTTP_REQUESTS, SQL_STATEMENTS, 1)
    check(planted, [*said, *bytes_under(project.data, project.state)])


NO_MERGE = """
def pytest_configure():
    from graven.pytest_plugin import datadir
    def away(data, run): raise OSError("it stays in the spool")
    datadir.merge = away
"""


def test_in_the_spool_of_a_process_before_it_is_merged(project, planted):
    project.write(conftest=NO_MERGE)
    said = run_suite(project, planted)
    assert list((project.data / "spool").glob("*.ndjson"))
    check(planted, [*said, *bytes_under(project.data)])


def test_in_the_spool_when_the_server_is_away(project, planted):
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        said = run_suite(project, planted, GRAVEN_SERVER=address, GRAVEN_TOKEN="grv_x", GRAVEN_SPOOL=str(project.state))
    check(planted, [*said, *bytes_under(project.state)])


def test_in_a_server_and_its_log(project, planted, tmp_path):
    with running_server(tmp_path / "data") as server:
        said = run_suite(
            project, planted, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token, GRAVEN_SPOOL=str(project.state)
        )
    server.reader.join(60)
    places = [*said, ("server", server.stderr.encode())]
    places += bytes_under(tmp_path / "data", project.state)
    check(planted, places)


def test_the_search_would_find_each_form_and_looks_into_what_is_compressed():
    import gzip

    import zstandard

    secret = "päss&/word'\"1234567890"
    for form in forms(secret):
        inner = b"head" + zstandard.ZstdCompressor().compress(gzip.compress(b"before " + form + b" after"))
        assert find_planted({"it": secret}, [("place", data) for data in opened(inner)]), form

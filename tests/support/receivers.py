"""A web server on loopback that takes alerts, and remembers what came over the wire; a certificate for it."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Hook", "certificate", "hook_server", "server_context"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Certificate and key for localhost and 127.0.0.1, vouching for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=3650))
        .not_valid_after(now + dt.timedelta(days=3650))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


def server_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


class Hook:
    """`answers` are (status, headers, body) in turn, then 204; an answer of None never comes."""

    def __init__(self, port: int, *answers: Any) -> None:
        self.port = port
        self.answers = list(answers)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.release = threading.Event()


@contextmanager
def hook_server(*answers: Any, tls: tuple[Path, Path] | None = None) -> Iterator[Hook]:
    """A web server on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            hook.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            answer = hook.answers.pop(0) if hook.answers else (204, {}, b"")
            if answer is None:
                hook.release.wait(30)
                self.close_connection = True
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if callable(content):
                self.end_headers()
                content(self.wfile)
                self.close_connection = True
                return
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name of the method that is asked

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            pass  # the client went away, as it should

    server = Server(("127.0.0.1", 0), Handler)
    hook = Hook(server.server_address[1], *answers)
    if tls is not None:
        server.socket = server_context(tls).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hook
    finally:
        hook.release.set()
        server.shutdown()
        thread.join()
        server.server_close()

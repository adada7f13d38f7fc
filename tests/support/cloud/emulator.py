"""A local AWS emulator: it checks signatures, IAM, bucket policies and CORS, and speaks HTTPS."""

import datetime
import http.client
import ipaddress
import os
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.cloud.template import ROOT
from tests.support.ports import free_ports
from tests.support.waiting import wait_until

PYTHON = ROOT / ".venv" / "emulator" / "bin" / "python"
"""An environment of its own: the emulator pins another botocore. ``make test`` fills it."""

ROOT_KEY = "test"
"""The key that the emulator is started with is its administrator's, and the secret is the same word."""

REGION = "us-east-1"
STOPS_WITHIN_S = 3


@dataclass(frozen=True)
class Emulator:
    """A running one. ``certificate`` is a PEM file to trust."""

    pid: int
    port: int
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client; the administrator's unless other credentials are given."""
        keys = credentials or {"aws_access_key_id": ROOT_KEY, "aws_secret_access_key": ROOT_KEY}
        make: Any = boto3.client  # its types want the service's name literally
        return make(
            service,
            endpoint_url=self.url,
            verify=str(self.certificate),
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=120),
            **keys,
        )


@contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """Start one with everything in ``folder`` and a clean environment: its functions inherit what it has."""
    certificate, key = _certificate(folder)
    port = free_ports(1)[0]
    scratch = folder / "tmp"
    scratch.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(scratch),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate),
        "MINISTACK_SSL_KEY": str(key),
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
        "AWS_CA_BUNDLE": str(certificate),
        "SSL_CERT_FILE": str(certificate),
    }
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "ministack"], cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
        )
    emulator = Emulator(process.pid, port, certificate)
    try:
        wait_until(lambda: _answers(emulator) or process.poll() is not None, "the emulator")
        assert process.poll() is None, (folder / "emulator.log").read_text()[-2000:]
        yield emulator
    finally:
        _stop(process)


def _answers(emulator: Emulator) -> bool:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", emulator.port, timeout=2, context=ssl.create_default_context(cafile=str(emulator.certificate))
    )
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Open connections hold its end up; its functions are of its process group and go with it."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOPS_WITHIN_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for loopback, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "emulator.crt", folder / "emulator.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    return paths

"""Storage of every kind that the product's adapter must serve: the real MinIO, and moto as a server."""

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from moto.server import ThreadedMotoServer

from functions.shared.settings import Settings, read_settings
from functions.shared.storage import ObjectInfo, Storage

PART_BYTES = 5 * 1024**2
"""The smallest part that S3 takes, but for the last."""


@dataclass(frozen=True)
class Bucket:
    """A bucket, and in it a folder of the test's own."""

    settings: Settings
    store: Storage
    name: str
    folder: str

    def key(self, name: str = "film.mp4") -> str:
        return f"{self.folder}/{name}"

    def put(self, content: bytes = b"film", name: str = "film.mp4", **metadata: str) -> ObjectInfo:
        """Write an object once; what storage says of it."""
        key = self.key(name)
        self.store.put_once(self.name, key, io.BytesIO(content), "video/mp4", metadata)
        return self.store.head(self.name, key)[0]

    def read(self, found: ObjectInfo, start: int = 0) -> bytes:
        return b"".join(self.store.open_range(self.name, found.key, found.etag, start))

    def listed(self) -> list[str]:
        """Keys in the test's own folder."""
        return [item.key for item in self.store.list_prefix(self.name, f"{self.folder}/")]


def bucket_of(env: Mapping[str, str], folder: str) -> Bucket:
    """The bucket of results in the storage that the environment names."""
    settings = read_settings(env)
    return Bucket(settings, Storage(settings), settings.converted_bucket, folder)


@contextmanager
def running_moto() -> Iterator[dict[str, str]]:
    """moto on a free port, with the bucket of results; the environment that names it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        env = {
            "AUTH_MODE": "open",
            "DATABASE_URL": "postgresql://127.0.0.1/none",
            "S3_ENDPOINT_URL": f"http://{host}:{port}",
            "S3_ACCESS_KEY_ID": "moto",
            "S3_SECRET_ACCESS_KEY": "moto-takes-any",
        }
        bucket = bucket_of(env, "")
        bucket.store.client.create_bucket(Bucket=bucket.name)
        yield env
    finally:
        server.stop()


def request_target(url: str) -> str:
    """What of a URL stands in the request line."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"

"""The environment, read once into a frozen value. A desk and the cloud differ by these values and by nothing else."""

import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

GIB = 1024**3
STORAGE_CONNECTIONS = 32
"""Of one process to the storage."""

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST_LINK_S = 7 * 24 * 3600
"""Storage refuses signatures that hold for longer."""

SECRET_ARN = re.compile(r"arn:[\w-]+:secretsmanager:[\w-]+:\d*:secret:\S+")
X265_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
)  # fmt: skip
METRICS_SINKS = ("emf", "prometheus", "off")


class SettingsError(Exception):
    """A variable is missing or malformed; the message names it and what to set."""


@dataclass(frozen=True)
class Settings:
    """All settings of the functions. Sizes are bytes, ``_s`` are seconds."""

    database_url: str | None
    database_secret_arn: str | None
    database_host: str | None
    database_pool_size: int
    s3_endpoint_url: str | None
    s3_public_endpoint_url: str | None
    s3_region: str
    s3_addressing_style: str
    s3_access_key_id: str | None
    s3_secret_access_key: str | None
    uploads_bucket: str
    converted_bucket: str
    uploads_queue_url: str | None
    dead_letter_queue_url: str | None
    auth_mode: str
    auth_issuer: str
    auth_audience: tuple[str, ...]
    link_ttl_s: int
    expire_after_s: int
    max_upload_bytes: int
    form_upload_max_bytes: int | None
    form_uploads_at_once: int
    estimate_max_bytes: int
    x265_preset: str | None
    x265_crf: float | None
    lease_s: float
    stall_s: float
    conversion_budget_s: float
    max_duration_s: float
    max_output_bytes: int
    max_pixels: int
    max_frame_rate: float
    max_streams: int
    max_cpu_s: int
    max_scratch_bytes: int
    scratch_dir: Path
    scratch_reserve_bytes: int
    worker_memory_bytes: int
    worker_concurrency: int | None
    worker_name: str
    metrics: str


class _Reader:
    """Typed look-ups that name the variable when a value does not fit."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def text(self, name: str, default: str | None = None) -> str:
        value = self._env.get(name) or default
        if value is None:
            raise SettingsError(f"{name} is not set; see the settings table in README.md")
        return value

    def optional(self, name: str) -> str | None:
        return self._env.get(name) or None

    def number(self, name: str, default: float, least: float = 0, most: float = sys.float_info.max) -> float:
        raw = self._env.get(name) or ""
        try:
            value = float(raw) if raw else float(default)
        except ValueError:
            raise SettingsError(f"{name} must be a number, not {raw!r}") from None
        if not least <= value <= most:
            limits = f"at least {least:g}" if most == sys.float_info.max else f"from {least:g} to {most:g}"
            raise SettingsError(f"{name} must be {limits}, not {raw}")
        return value

    def whole(self, name: str, default: int, least: int = 0, most: float = sys.float_info.max) -> int:
        return int(self.number(name, default, least, most))

    def optional_whole(self, name: str, least: int) -> int | None:
        return self.whole(name, least, least) if self.optional(name) else None

    def optional_number(self, name: str, most: float) -> float | None:
        return self.number(name, 0, most=most) if self.optional(name) else None

    def whole_or_auto(self, name: str, least: int, most: int) -> int | None:
        """None for ``auto``, which is the default."""
        raw = self.text(name, "auto")
        if raw == "auto":
            return None
        if not (raw.isdecimal() and least <= int(raw) <= most):
            raise SettingsError(f"{name} must be auto or a number from {least} to {most}, not {raw!r}")
        return int(raw)

    def items(self, name: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in self._env.get(name, "").split(",") if item.strip())

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def optional_choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        return self.choice(name, choices) if self.optional(name) else None


def read_settings(env: Mapping[str, str]) -> Settings:
    """Read all settings from ``env``; raise ``SettingsError`` naming the first variable that does not fit."""
    read = _Reader(env)
    endpoint = read.optional("S3_ENDPOINT_URL")
    auth_mode = read.choice("AUTH_MODE", ("jwt", "open"), "jwt")
    auth_issuer, auth_audience = read.optional("AUTH_ISSUER") or "", read.items("AUTH_AUDIENCE")
    _check_identity(auth_mode, auth_issuer, auth_audience)
    database_url, secret_arn = read.optional("DATABASE_URL"), read.optional("DATABASE_SECRET_ARN")
    database_host = read.optional("DATABASE_HOST")
    _check_database(database_url, secret_arn, database_host)
    lease_s, stall_s = read.number("LEASE_S", 60, least=3), read.number("STALL_S", 45, least=1)
    if lease_s < stall_s:
        raise SettingsError(
            f"LEASE_S must be at least STALL_S, not {lease_s:g} with STALL_S={stall_s:g}: another worker would take"
            " over a conversion that only waits"
        )
    return Settings(
        database_url=database_url,
        database_secret_arn=secret_arn,
        database_host=database_host,
        database_pool_size=read.whole("DATABASE_POOL_SIZE", 10, least=1),
        s3_endpoint_url=endpoint,
        s3_public_endpoint_url=read.optional("S3_PUBLIC_ENDPOINT_URL") or endpoint,
        s3_region=read.text("S3_REGION", "us-east-1"),
        s3_addressing_style=read.choice("S3_ADDRESSING_STYLE", ("path", "virtual"), "path" if endpoint else "virtual"),
        s3_access_key_id=read.optional("S3_ACCESS_KEY_ID"),
        s3_secret_access_key=read.optional("S3_SECRET_ACCESS_KEY"),
        uploads_bucket=read.text("UPLOADS_BUCKET", "uploads"),
        converted_bucket=read.text("CONVERTED_BUCKET", "converted"),
        uploads_queue_url=read.optional("UPLOADS_QUEUE_URL"),
        dead_letter_queue_url=read.optional("DEAD_LETTER_QUEUE_URL"),
        auth_mode=auth_mode,
        auth_issuer=auth_issuer,
        auth_audience=auth_audience,
        link_ttl_s=read.whole("LINK_TTL_S", 3600, least=1, most=LONGEST_LINK_S),
        expire_after_s=read.whole("EXPIRE_AFTER_S", 3600),
        max_upload_bytes=read.whole("MAX_UPLOAD_BYTES", 5 * GIB, least=1),
        form_upload_max_bytes=read.optional_whole("FORM_UPLOAD_MAX_BYTES", least=1),
        form_uploads_at_once=read.whole("FORM_UPLOADS_AT_ONCE", 8, least=1),
        estimate_max_bytes=read.whole("ESTIMATE_MAX_BYTES", GIB // 2, least=1),
        x265_preset=read.optional_choice("X265_PRESET", X265_PRESETS),
        x265_crf=read.optional_number("X265_CRF", most=51),
        lease_s=lease_s,
        stall_s=stall_s,
        conversion_budget_s=read.number("CONVERSION_BUDGET_S", 12 * 3600, least=1),
        max_duration_s=read.number("MAX_DURATION_S", 12 * 3600, least=1),
        max_output_bytes=read.whole("MAX_OUTPUT_BYTES", 50 * GIB, least=1),
        max_pixels=read.whole("MAX_PIXELS", 35_000_000, least=256),
        max_frame_rate=read.number("MAX_FRAME_RATE", 300, least=1),
        max_streams=read.whole("MAX_STREAMS", 32, least=1, most=1000),
        max_cpu_s=read.whole("MAX_CPU_S", 8 * 12 * 3600, least=1),
        max_scratch_bytes=read.whole("MAX_SCRATCH_BYTES", 64 * GIB, least=1),
        scratch_dir=Path(read.text("SCRATCH_DIR", str(Path(gettempdir()) / "bucket265"))),
        scratch_reserve_bytes=read.whole("SCRATCH_RESERVE_BYTES", 256 * 1024**2),
        worker_memory_bytes=read.whole("WORKER_MEMORY_BYTES", available_memory_bytes(), least=1),
        worker_concurrency=read.whole_or_auto("WORKER_CONCURRENCY", least=1, most=16),
        worker_name=read.text("WORKER_NAME", f"{socket.gethostname()}:{os.getpid()}"),
        metrics=read_metrics(env),
    )


def is_safe_url(url: str) -> bool:
    """Whether what comes from there is what its owner sent: by https, or from this very machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS))


def _check_database(url: str | None, secret_arn: str | None, host: str | None) -> None:
    """Raise ``SettingsError`` unless there is one way to the database."""
    if not url and not secret_arn:
        raise SettingsError("DATABASE_URL is not set: set it, or DATABASE_SECRET_ARN to read it from Secrets Manager")
    if url and secret_arn:
        raise SettingsError("DATABASE_URL and DATABASE_SECRET_ARN are both set: keep the one that shall count")
    if secret_arn and not SECRET_ARN.fullmatch(secret_arn):
        raise SettingsError(
            "DATABASE_SECRET_ARN must be the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME,"
            f" not {secret_arn!r}"
        )
    if host and not secret_arn:
        raise SettingsError("DATABASE_HOST goes with DATABASE_SECRET_ARN: write the host into DATABASE_URL instead")


def _check_identity(mode: str, issuer: str, audience: tuple[str, ...]) -> None:
    """Raise ``SettingsError`` unless the mode and what it needs fit together."""
    if mode == "open":
        if issuer or audience:
            name = "AUTH_ISSUER" if issuer else "AUTH_AUDIENCE"
            raise SettingsError(f"{name} is set, but AUTH_MODE=open asks nobody for a token: set AUTH_MODE=jwt")
        return
    for name, value, what in (
        ("AUTH_ISSUER", issuer, "the address of your identity provider, as `iss` of its tokens says it"),
        ("AUTH_AUDIENCE", audience, "whom its tokens are for, `aud` or `client_id` in them, comma-separated"),
    ):
        if not value:
            raise SettingsError(
                f"{name} is not set, and AUTH_MODE=jwt (the default) needs it: {what};"
                " or set AUTH_MODE=open, where only this machine reaches the API"
            )
    if not is_safe_url(issuer):
        raise SettingsError(f"AUTH_ISSUER must be an https URL, or http on loopback, not {issuer!r}")


def read_metrics(env: Mapping[str, str]) -> str:
    """Where metrics go; asked for on its own before anything else is known to be well."""
    return _Reader(env).choice("METRICS", METRICS_SINKS, "prometheus")


def available_memory_bytes() -> int:
    """Memory this process may use: the cgroup's limit, else the machine's."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return physical
    return physical if limit == "max" else min(physical, int(limit))


@cache
def settings() -> Settings:
    """This process's settings, read at first use."""
    return read_settings(os.environ)

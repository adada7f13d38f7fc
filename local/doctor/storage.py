"""Links of the storage: our key opens the buckets, an upload link works, and from a web page too."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import httpx
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from functions.shared.storage import PresignedPut, Storage
from local.doctor.checkup import Broken, Patient, address, one_line
from local.objectstore import arns_missing, minio_client
from local.roundtrip import PREFIX, REPAIR

T = TypeVar("T")
CONTENT = b"x"
TIMEOUT = httpx.Timeout(15, connect=3)
WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"}
CORS_REMEDY = "On MinIO set MINIO_API_CORS_ALLOW_ORIGIN to that origin or to *, elsewhere the buckets' CORS rules"


def buckets(patient: Patient) -> str:
    """Storage answers, takes our key, and has both buckets."""
    settings = patient.desk.settings()
    client = minio_client(settings)
    names = (settings.uploads_bucket, settings.converted_bucket)
    for bucket in names:
        _asked(patient, bucket, partial(_look_into, client, bucket))
    return f"{address(settings.s3_endpoint_url)} holds {' and '.join(names)}"


def _look_into(client: Minio, bucket: str) -> None:
    next(iter(client.list_objects(bucket, prefix=PREFIX)), None)


def notification(patient: Patient) -> str:
    """The bucket of uploads tells every target of every new object."""
    desk = patient.desk
    bucket = desk.settings().uploads_bucket
    config = _asked(patient, bucket, lambda: minio_client(desk.settings()).get_bucket_notification(bucket))
    missing = arns_missing(config, desk.notify_arns)
    if missing:
        reason = f"bucket {bucket} does not notify {', '.join(missing)} of all four kinds of new objects"
        raise Broken(reason, f"{REPAIR} (`make up` runs it)")
    return f"bucket {bucket} notifies {', '.join(desk.notify_arns)}"


def upload_link(patient: Patient) -> str:
    """A presigned PUT is accepted at the address that clients get."""
    settings = patient.desk.settings()
    where = address(settings.s3_public_endpoint_url)
    response = _put(patient)
    if response.status_code != httpx.codes.OK:
        reason = f"a presigned PUT to {where} was answered {response.status_code}"
        raise Broken(reason, "S3_PUBLIC_ENDPOINT_URL must be the very address under which clients reach the storage")
    return f"a presigned PUT to {where} works"


def browser_origin(patient: Patient) -> str:
    """A web page of ``patient.origin`` may PUT to an upload link, and may read the ETag of the answer."""
    link, _ = _presigned(patient)
    asked = {
        "Origin": patient.origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": ",".join(name.lower() for name in link.headers if name != "Content-Length"),
    }
    preflight = _sent(lambda: httpx.options(link.url, headers=asked, timeout=TIMEOUT))
    _require_allowed(patient.origin, preflight, "the preflight of an upload")
    answer = _put(patient)
    _require_allowed(patient.origin, answer, "an upload")
    exposed = answer.headers.get("Access-Control-Expose-Headers", "").lower()
    if exposed != "*" and "etag" not in [name.strip() for name in exposed.split(",")]:
        raise Broken("the storage hides the ETag of an upload from web pages", "Expose it in the CORS rules")
    return f"web pages of {patient.origin} may upload"


def _require_allowed(origin: str, response: httpx.Response, what: str) -> None:
    if response.headers.get("Access-Control-Allow-Origin") not in ("*", origin):
        raise Broken(f"the storage refuses {what} from web pages of {origin}", CORS_REMEDY)


def _presigned(patient: Patient) -> tuple[PresignedPut, str]:
    settings = patient.desk.settings()
    key = f"{PREFIX}{uuid.uuid4()}"
    link = Storage(settings).presign_put(settings.uploads_bucket, key, "video/mp4", len(CONTENT), None)
    return link, key


def _put(patient: Patient) -> httpx.Response:
    """PUT a small object through a link, as a web page does, and remove it."""
    settings = patient.desk.settings()
    link, key = _presigned(patient)
    headers = link.headers | {"Origin": patient.origin}
    try:
        return _sent(lambda: httpx.put(link.url, headers=headers, content=CONTENT, timeout=TIMEOUT))
    finally:
        with suppress(MinioException, HTTPError):
            minio_client(settings).remove_object(settings.uploads_bucket, key)


def _sent(request: Callable[[], httpx.Response]) -> httpx.Response:
    try:
        return request()
    except httpx.TransportError as exc:
        remedy = "S3_PUBLIC_ENDPOINT_URL must be an address that clients can reach"
        raise Broken(f"nothing answers at {address(str(exc.request.url))} ({one_line(exc)})", remedy) from exc


def _asked(patient: Patient, bucket: str, question: Callable[[], T]) -> T:
    """Ask storage, and tell a wrong address, a wrong key and a missing bucket apart."""
    where = address(patient.desk.settings().s3_endpoint_url)
    try:
        return question()
    except S3Error as exc:
        if exc.code in WRONG_KEY:
            remedy = "Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"
            raise Broken(f"the storage at {where} refuses our key ({exc.code})", remedy) from exc
        if exc.code == "NoSuchBucket":
            raise Broken(f"the storage at {where} has no bucket {bucket}", REPAIR) from exc
        raise Broken(f"the storage at {where} answers {exc.code}", "Look into its log") from exc
    except (MinioException, HTTPError) as exc:
        remedy = "Start the storage (`make up`), or correct S3_ENDPOINT_URL"
        raise Broken(f"the storage at {where} does not answer ({type(exc).__name__})", remedy) from exc

"""Objects in S3-compatible storage, through botocore.

Two clients where storage has two addresses: one for I/O on the internal endpoint, one that only signs links for the
public endpoint (the host is part of the signature, so a link is never rewritten). Creating one costs about 80 ms, so
each is made when first used. boto3 would make the same clients and add transfers of its own, which nothing here uses
and each cold start would pay for.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import Session

from functions.shared.settings import STORAGE_CONNECTIONS, Settings
from functions.shared.storage_errors import ObjectMissing, s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

SINGLE_PUT_LIMIT = 5 * 1024**3
"""Largest object of one PUT, fixed by S3."""


@dataclass(frozen=True)
class ObjectInfo:
    """What storage says of an object. ``etag`` is unquoted."""

    key: str
    size: int
    etag: str
    age_s: float = 0.0


@dataclass(frozen=True)
class PresignedPut:
    """A link for one upload; the client sends exactly these headers."""

    url: str
    headers: dict[str, str]


class Storage:
    """The operations that the functions need. All of them raise ``StorageUnavailable`` when storage does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def client(self) -> "S3Client":
        """For I/O. Short timeouts: a conditional PUT in flight blocks reads of its key on MinIO."""
        return self._make_client(self._settings.s3_endpoint_url)

    @cached_property
    def _signer(self) -> "S3Client":
        if self._settings.s3_public_endpoint_url == self._settings.s3_endpoint_url:
            return self.client
        return self._make_client(self._settings.s3_public_endpoint_url)

    def connect(self) -> None:
        """Make the clients now; raises ``ValueError`` for an endpoint that is not a URL. Sends nothing."""
        _ = self.client, self._signer

    @cached_property
    def _session(self) -> Session:
        session = Session()
        if self._settings.s3_access_key_id and self._settings.s3_secret_access_key:
            session.set_credentials(self._settings.s3_access_key_id, self._settings.s3_secret_access_key)
        return session

    def _make_client(self, endpoint: str | None) -> "S3Client":
        s = self._settings
        config = Config(
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if s.s3_addressing_style == "path" else "virtual"},
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=STORAGE_CONNECTIONS,
        )
        client = self._session.create_client("s3", region_name=s.s3_region, endpoint_url=endpoint, config=config)
        return cast("S3Client", client)

    def presign_put(self, bucket: str, key: str, content_type: str, size: int, sha256: str | None) -> PresignedPut:
        """A single-use upload link: size, type, checksum (64 hex digits) and absence of the key are all signed."""
        headers = {"Content-Type": content_type, "Content-Length": str(size), "If-None-Match": "*"}
        params: dict[str, Any] = {
            "Bucket": bucket,
            "Key": key,
            "ContentType": content_type,
            "ContentLength": size,
            "IfNoneMatch": "*",
        }
        if sha256:
            params["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = base64.b64encode(
                bytes.fromhex(sha256)
            ).decode()
        with s3_errors(bucket, key):
            url = self._signer.generate_presigned_url("put_object", Params=params, ExpiresIn=self._settings.link_ttl_s)
        return PresignedPut(url, headers)

    def presign_get(self, bucket: str, key: str, disposition: str, content_type: str, *, head: bool = False) -> str:
        """A download link that carries its own Content-Disposition and type; ``head``: for a HEAD request instead."""
        params = {
            "Bucket": bucket,
            "Key": key,
            "ResponseContentDisposition": disposition,
            "ResponseContentType": content_type,
        }
        operation = "head_object" if head else "get_object"
        with s3_errors(bucket, key):
            return self._signer.generate_presigned_url(operation, Params=params, ExpiresIn=self._settings.link_ttl_s)

    def head(self, bucket: str, key: str) -> tuple[ObjectInfo, dict[str, str]]:
        """Facts and metadata of a finished object; raises ``ObjectMissing``."""
        with s3_errors(bucket, key):
            answer = self.client.head_object(Bucket=bucket, Key=key)
        return ObjectInfo(key, answer["ContentLength"], answer["ETag"].strip('"')), answer["Metadata"]

    def list_prefix(self, bucket: str, prefix: str) -> list[ObjectInfo]:
        """Objects under a prefix; never blocked by a PUT in flight, unlike ``head``."""
        found: list[ObjectInfo] = []
        with s3_errors(bucket, prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    modified = item["LastModified"]
                    age_s = (modified.now(modified.tzinfo) - modified).total_seconds()
                    found.append(ObjectInfo(item["Key"], item["Size"], item["ETag"].strip('"'), age_s))
        return found

    def open_range(self, bucket: str, key: str, etag: str, start: int) -> Iterator[bytes]:
        """Chunks of an object from byte ``start`` on; raises ``SourceSuperseded`` if it is not the version ``etag``."""
        with s3_errors(bucket, key):
            body = self.client.get_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"', Range=f"bytes={start}-")["Body"]
            yield from body.iter_chunks(1024 * 1024)

    def put_once(self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str]) -> None:
        """Write an object that must not exist yet; raises ``ObjectExists``."""
        with s3_errors(bucket, key):
            self.client.put_object(
                Bucket=bucket, Key=key, Body=body, IfNoneMatch="*", ContentType=content_type, Metadata=metadata
            )

    def begin_upload(self, bucket: str, key: str, content_type: str, metadata: dict[str, str] | None = None) -> str:
        """Begin a multipart upload; its upload id. Nothing is seen under the key until ``complete_upload``."""
        with s3_errors(bucket, key):
            answer = self.client.create_multipart_upload(
                Bucket=bucket, Key=key, ContentType=content_type, Metadata=metadata or {}
            )
        return answer["UploadId"]

    def put_part(self, bucket: str, key: str, upload_id: str, number: int, body: bytes | bytearray) -> str:
        """Store one part, at least 5 MiB unless it is the last; its ETag as storage quotes it.

        A ``bytearray`` is sent as it lies; of ``bytes`` botocore makes a copy.
        """
        part = cast("bytes", body)  # botocore takes both, its type stubs name one
        with s3_errors(bucket, key):
            answer = self.client.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=part)
        return answer["ETag"]

    def complete_upload(self, bucket: str, key: str, upload_id: str, etags: list[str]) -> None:
        """Make the object of parts 1, 2, …; raises ``ObjectExists``, or ``ObjectMissing`` for an unknown upload id."""
        parts: list[CompletedPartTypeDef] = [{"PartNumber": i, "ETag": etag} for i, etag in enumerate(etags, 1)]
        with s3_errors(bucket, key):
            self.client.complete_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )

    def put_parts_once(
        self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str], part_bytes: int
    ) -> None:
        """``put_once`` in parts, one in memory at a time, for what is too large for a single PUT."""
        upload_id = self.begin_upload(bucket, key, content_type, metadata)
        try:
            etags: list[str] = []
            while part := body.read(part_bytes):
                etags.append(self.put_part(bucket, key, upload_id, len(etags) + 1, part))
            self.complete_upload(bucket, key, upload_id, etags)
        except BaseException:
            self.abort_upload(bucket, key, upload_id)
            raise

    def delete(self, bucket: str, key: str) -> None:
        with s3_errors(bucket, key):
            self.client.delete_object(Bucket=bucket, Key=key)

    def unfinished_uploads(self, bucket: str, prefix: str) -> list[tuple[str, str]]:
        """(key, upload id) of multipart uploads that were begun under a prefix and never ended.

        All of the bucket's are listed: MinIO takes a whole key for a prefix, and finds nothing for a folder.
        """
        with s3_errors(bucket, prefix):
            pages = list(self.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket))
        uploads = [upload for page in pages for upload in page.get("Uploads", [])]
        return [(u["Key"], u["UploadId"]) for u in uploads if u["Key"].startswith(prefix)]

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Give up a multipart upload; its parts are deleted. One that is gone already is fine."""
        try:
            with s3_errors(bucket, key):
                self.client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        except ObjectMissing:
            return

"""Storage as the bootstrap sees it, through the ``minio`` SDK: buckets and their notifications."""

from typing import cast
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.notificationconfig import NotificationConfig, QueueConfig

from functions.shared.settings import Settings

EVENTS = [
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectCreated:Copy",
]
"""Every way in which an object is stored; ``s3:ObjectCreated:*`` would include changes of its tags."""


def minio_client(settings: Settings) -> Minio:
    """A client of the storage in the settings; answers or fails within seconds."""
    endpoint = urlsplit(settings.s3_endpoint_url or "https://s3.amazonaws.com")
    http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=10), retries=urllib3.Retry(total=1))
    return Minio(
        endpoint.netloc,
        access_key=settings.s3_access_key_id,
        secret_key=settings.s3_secret_access_key,
        secure=endpoint.scheme == "https",
        region=settings.s3_region,
        http_client=http,
    )


def ensure_bucket(client: Minio, bucket: str) -> None:
    if not client.bucket_exists(bucket):
        client.make_bucket(bucket)


def ensure_notifications(client: Minio, bucket: str, arns: tuple[str, ...]) -> None:
    """Let the bucket tell each of ``arns`` of every new object; what else it tells whom stays as it is."""
    present = client.get_bucket_notification(bucket)
    ours = [QueueConfig(queue=arn, events=EVENTS) for arn in arns]
    others = [config for config in present.queue_config_list if config.queue not in arns]
    wanted = NotificationConfig(
        cloud_func_config_list=present.cloud_func_config_list,
        queue_config_list=[*others, *ours],
        topic_config_list=present.topic_config_list,
    )
    if arns_missing(present, arns) or len(present.queue_config_list) != len(wanted.queue_config_list):
        client.set_bucket_notification(bucket, wanted)


def arns_missing(config: NotificationConfig, arns: tuple[str, ...]) -> list[str]:
    """Those of ``arns`` that do not learn of every new object."""
    told = {
        cast("str", entry.queue)
        for entry in config.queue_config_list
        if set(entry.events) == set(EVENTS) and not entry.prefix_filter_rule and not entry.suffix_filter_rule
    }
    return [arn for arn in arns if arn not in told]

"""What the cost tables are made of: list prices, what template.yaml makes, and what is assumed of films and machines.

Every figure is a parameter: ``replace(Prices(), lambda_arm64_gb_s=…)`` reckons with another region or day.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Prices:
    """Public on-demand prices in US dollars as of ``date``, without free tiers, discounts and taxes.

    They were not looked up for this file: compare them with the pages named here before relying on them.
    """

    region: str = "us-east-1"
    date: date = date(2025, 6, 1)

    # "AWS Lambda Pricing"; the first tier of each month.
    lambda_arm64_gb_s: float = 0.0000133334  # a GB of memory for a second
    lambda_x86_64_gb_s: float = 0.0000166667  # a GB of memory for a second
    lambda_scratch_gb_s: float = 0.0000000309  # a GB of /tmp beyond 512 MB for a second
    lambda_million_requests: float = 0.20

    # "Amazon API Gateway pricing", HTTP APIs
    api_million_requests: float = 1.00

    # "Amazon SQS pricing", standard queues
    sqs_million_requests: float = 0.40

    # "Amazon S3 pricing", S3 Standard
    s3_gb_month: float = 0.023
    s3_thousand_puts: float = 0.005  # PUT, COPY, POST, LIST
    s3_thousand_gets: float = 0.0004

    # "Amazon EC2 On-Demand Pricing", Data Transfer
    out_gb: float = 0.09  # a GB to the internet

    # "Amazon Aurora Pricing", Aurora Serverless v2 in Aurora Standard
    aurora_acu_h: float = 0.12  # a capacity unit for an hour
    aurora_gb_month: float = 0.10
    aurora_million_ios: float = 0.20

    # "Amazon RDS Proxy pricing"
    proxy_acu_h: float = 0.015  # a capacity unit for an hour
    proxy_least_acu: float = 8  # fewer are charged as so many

    # "AWS PrivateLink pricing"; $0.01 a GB more, for which a secret and a message are too small
    endpoint_zone_h: float = 0.01  # an interface endpoint in one zone for an hour

    # "AWS Secrets Manager pricing"
    secret_month: float = 0.40

    # "Amazon CloudWatch Pricing"
    logs_gb: float = 0.50  # a GB taken in
    alarm_month: float = 0.10
    dashboard_month: float = 3.00
    metric_month: float = 0.30  # a custom metric, by the hour in which it is reported

    # "Amazon ECR Pricing"
    ecr_gb_month: float = 0.10


@dataclass(frozen=True)
class Deployed:
    """What template.yaml makes of that which costs something; a test compares."""

    functions: int = 9
    log_groups: int = 10
    alarms: int = 7
    dashboards: int = 1
    polled_queues: int = 2
    reconciler_every_min: int = 1
    function_memory_mb: int = 1024
    converter_memory_mb: int = 10240
    converter_scratch_mb: int = 10240
    converter_timeout_s: int = 900
    # Only with CreateDatabase=true:
    interface_endpoints: tuple[str, ...] = ("secretsmanager", "sqs")
    zones: int = 2
    secrets: int = 1
    least_acu: float = 0.5


@dataclass(frozen=True)
class Film:
    """One video. Sizes are those of 1080p: the source as a camera writes it, the result at the default quality."""

    duration_s: float
    frames_per_s: float = 30.0
    source_mbit_per_s: float = 8.0
    result_mbit_per_s: float = 3.0

    @property
    def frames(self) -> float:
        return self.duration_s * self.frames_per_s

    @property
    def source_gb(self) -> float:
        return self.duration_s * self.source_mbit_per_s / 8 / 1000

    @property
    def result_gb(self) -> float:
        return self.duration_s * self.result_mbit_per_s / 8 / 1000


def _assumed(value: float, text: str) -> Any:
    return field(default=value, metadata={"text": text})


@dataclass(frozen=True)
class Assumptions:
    """What a bill depends on besides prices; the text of each stands beside the tables."""

    frames_per_core_s: float = _assumed(
        11.7, "frames of 1080p that a core encodes (`veryfast`) and checks in a second (measured, AMD EPYC 2.6 GHz)"
    )
    vcpus: float = _assumed(6, "vCPUs of a function with 10,240 MB")
    share: float = _assumed(0.6, "of such a core from each vCPU of Lambda, all of them at one film (a guess)")
    fixed_s: float = _assumed(2, "s of a conversion besides (claim, probe, commit, a share of cold starts)")
    network_mbit_per_s: float = _assumed(600, "Mbit/s between the function and S3")
    call_s: float = _assumed(0.03, "s for an API function's answer, and for a pass of the reconciler")
    poll_every_s: float = _assumed(1, "s between two `GET /status` of a client that waits, as ours does")
    downloads: float = _assumed(1, "download of each result, to the internet")
    months_kept: float = _assumed(1, "month for which source and result are kept")
    messages: float = _assumed(4, "requests to SQS for each film (sent, received, deleted, and one more)")
    idle_polls_per_min: float = _assumed(15, "requests a minute with which Lambda asks a queue (5 pollers, 20 s each)")
    log_bytes: float = _assumed(1500, "bytes that a call writes to its log")
    conversion_log_bytes: float = _assumed(8000, "bytes that a conversion writes to its log, metrics included")
    metrics_in_use: float = _assumed(32, "custom metrics that are reported in an hour with conversions")
    image_gb: float = _assumed(0.25, "GB of an image in ECR, a repository for each function")
    database_gb: float = _assumed(10, "GB of the database")
    database_ios_per_min: float = _assumed(50, "reads and writes of its storage a minute while nothing happens")

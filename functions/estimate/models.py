"""What ``POST /estimate`` answers, for the documentation: the answer itself is made by ``converter.estimating``."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Band(BaseModel):
    """At least four of five conversions come out between `low` and `high`."""

    estimate: float
    low: float
    high: float


class SizeBand(Band):
    source: int = Field(description="Bytes of the source.")


class Sample(BaseModel):
    """Frames that were encoded and measured; one sample is all of a short film."""

    start_s: float
    frames: int
    crf: float = Field(description="Of the last look at it.")
    vmaf: float | None = Field(description="Mean over its frames; null for HDR.")
    bytes: int


EXAMPLE: dict[str, Any] = {
    "transaction_id": "0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11",
    "outcome": "converted",
    "crf": 27.4,
    "vmaf": {"estimate": 92.0, "low": 90.5, "high": 93.5},
    "size": {"estimate": 20971520, "low": 17825792, "high": 24117248, "source": 73400320},
    "time_s": {"estimate": 41.2, "low": 30.9, "high": 51.5},
    "cost_usd": {"estimate": 0.009, "low": 0.007, "high": 0.011},
    "samples": [
        {"start_s": 12.4, "frames": 60, "crf": 27.2, "vmaf": 91.8, "bytes": 143500},
        {"start_s": 51.0, "frames": 60, "crf": 27.2, "vmaf": 93.1, "bytes": 127100},
        {"start_s": 88.9, "frames": 60, "crf": 27.2, "vmaf": 91.6, "bytes": 160300},
    ],
    "options": {"quality": "balanced", "speed": "balanced"},
    "confidence": "high",
    "reason": None,
}


class EstimateAnswer(BaseModel):
    """What the conversion would come to."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    transaction_id: str
    outcome: str = Field(description="As `result` of `GET /status`: `converted`, `remuxed` or `kept_original`.")
    crf: float | None = Field(description="Of x265: asked for or found; null where the picture is not encoded.")
    vmaf: Band | None = Field(description="Mean over the frames; null for HDR, and where the picture is not encoded.")
    size: SizeBand = Field(description="Bytes of the result.")
    time_s: Band = Field(description="Seconds of searching, encoding and verifying on the machine that answers.")
    cost_usd: Band = Field(
        description="US dollars on AWS, by list prices: conversion, a month of storage, one download."
    )
    samples: list[Sample]
    options: dict[str, Any] = Field(description="As `GET /status` shows them.")
    confidence: str = Field(description="`high`, or `low`: the bands may not hold.")
    reason: str | None = Field(description="Why it is not `converted`, or why the confidence is low.")

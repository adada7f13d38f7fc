"""What ``GET /status`` answers, for the documentation: the answer itself is made by ``view``."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field


class StatusName(StrEnum):
    """`Completed` and `Failed` are final; `Expired` revives when the upload still comes."""

    PENDING = "Pending"
    CONVERTING = "Converting"
    RETRYING = "Retrying"
    COMPLETED = "Completed"
    FAILED = "Failed"
    EXPIRED = "Expired"


class Progress(BaseModel):
    """How far the newest attempt is."""

    percent: float | None = Field(description="Encoded share of the video; 100 only when Completed.")
    fps: float | None = Field(description="Frames encoded per second.")
    speed: float | None = Field(description="Seconds of video encoded per second.")
    eta_s: float | None = Field(description="Seconds until the encode is expected to end.")
    stage: str | None = Field(description="`fetch`, `probe`, `search`, `encode`, `verify`, `publish`, or `done`.")


class Queue(BaseModel):
    ahead: int = Field(description="Uploads that are converted before this one.")


class SourceObject(BaseModel):
    """The uploaded file, as storage has it."""

    size: int = Field(description="Bytes.")
    etag: str = Field(description="Without quotes. Compare it when the answer to your PUT was lost.")


class ConvertedObject(BaseModel):
    """The result."""

    size: int = Field(description="Bytes.")
    sha256: str = Field(description="64 lower-case hex digits.")


class OptionsInForce(BaseModel):
    """What the conversion was asked for and the defaults of that day; a retry never takes newer ones."""

    preset: str = Field(description="Of x265.")
    parameters: str = Field(description="Of x265, put behind the preset.")
    crf: float | None = Field(description="Of x265; null: it is found for `vmaf` and `floor`.")
    quality: str | None = Field(description="The name of `vmaf` and `floor`, if they have one.")
    vmaf: float | None = Field(description="Wanted of the mean over the frames; null where `crf` is fixed.")
    floor: float | None = Field(description="Wanted of the 5th percentile over the frames.")
    speed: str | None = Field(description="The name of `preset` and `parameters`, if they have one.")
    max_height: int | None
    container: str
    audio: str
    keep: list[str]
    require: list[str]
    previews: str = Field(description="`on` or `off`.")


class ResultName(StrEnum):
    """`converted`: encoded as H.265. `remuxed`: it was H.265 already, so its picture is taken over untouched.

    `kept_original`: H.265 would have been larger, so it is the source's own picture in the wanted container, or the
    very bytes of the source. Each of them is a success.
    """

    CONVERTED = "converted"
    REMUXED = "remuxed"
    KEPT_ORIGINAL = "kept_original"


class Quality(BaseModel):
    """How good the result is. The receipt tells how that was found."""

    crf: float = Field(description="Of x265: the one that was asked for, or the one that was found.")
    vmaf: float | None = Field(description="Mean over the measured frames; null where nothing was measured.")
    p5: float | None = Field(description="5th percentile over the measured frames.")


class Dropped(BaseModel):
    """What the source has and the result has not."""

    what: str = Field(
        description="A track: `audio`, `subtitle`, `attachment`, `cover`, `video`, `data`, `empty_track`; a property:"
        " `location`, `chroma`, `alpha`, `captions`, `hdr10plus`, `dolby_vision`, `layout`, `sample_rate`, `language`,"
        " `flags`, `subtitle_styling`, `subtitle_lines`, `chapters`. More may be added."
    )
    index: int | None = Field(description="Of the stream in the source, if it is one.")
    codec: str | None
    language: str | None
    reason: str


class Remark(BaseModel):
    """Something about the source that the result shows."""

    code: str = Field(
        description="`frames_missing`, `frames_damaged`, `quality_unmeasured` or `quality_missed`; more may be added."
    )
    message: str
    count: int | None = Field(description="How many frames; at most 1 % of the film.")


EXAMPLE: dict[str, Any] = {
    "transaction_id": "0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11",
    "user_id": "7f2c1d9e-4d8a-4c5b-8f7a-0a1b2c3d4e5f",
    "filename": "holiday.mov",
    "original_format": "mov",
    "original_codec": "h264",
    "target_format": "mp4",
    "target_codec": "h265",
    "status": "Completed",
    "start_time": "2026-03-01T12:00:00.125000Z",
    "updated_time": "2026-03-01T12:00:29.500000Z",
    "progress": {"percent": 100.0, "fps": None, "speed": None, "eta_s": None, "stage": "done"},
    "queue": None,
    "attempt": 1,
    "source": {"size": 73400320, "etag": "9b2cf535f27731c974343645a3985328"},
    "converted": {"size": 20971520, "sha256": "9f86d081884c7d65" * 4},
    "options": {
        "preset": "superfast",
        "parameters": "ctu=64:limit-modes=1:limit-refs=3:psy-rd=0:bframes=5:rdoq-level=2:rc-lookahead=20"
        ":aq-strength=0.3",
        "crf": None,
        "quality": "high",
        "vmaf": 95.0,
        "floor": 88.0,
        "speed": "balanced",
        "max_height": None,
        "container": "mp4",
        "audio": "auto",
        "keep": [],
        "require": ["hdr"],
        "previews": "on",
    },
    "media": {
        "size": 73400320,
        "container": "mov",
        "extension": "mov",
        "video": {
            "index": 0,
            "codec": "h264",
            "profile": "High",
            "tag": "avc1",
            "width": 1920,
            "height": 1080,
            "pixel_format": "yuv420p",
            "bit_depth": 8,
            "chroma": "420",
            "alpha": False,
            "sample_aspect_ratio": "1:1",
            "rotation": 0,
            "mirrored": False,
            "fields": "progressive",
            "flagged_interlaced": False,
            "captions": False,
            "colour": {"range": "tv", "primaries": 1, "transfer": 1, "matrix": 1},
            "hdr": {"mastering": None, "light": None, "hdr10plus": False, "dolby_vision": None},
            "frames": 1800,
            "frames_missing": 0,
            "hidden_frames": 0,
            "frame_rate": 30.0,
            "time_base": "1/30000",
            "start_s": 0.0,
            "duration_s": 60.0,
            "last_frame_s": 0.0333,
            "payload_bytes": 72400320,
        },
        "audio": [
            {
                "index": 1,
                "codec": "aac",
                "language": "eng",
                "title": None,
                "flags": ["default"],
                "channels": 2,
                "layout": "stereo",
                "sample_rate": 48000,
                "start_s": 0.0,
                "duration_s": 60.0,
                "packets": 2813,
                "payload_bytes": 960000,
                "changes": False,
            }
        ],
        "subtitles": [],
        "other": [],
        "chapters": [],
        "tags": {"location": "+59.9133+010.7389/"},
    },
    "result": "converted",
    "result_reason": None,
    "dropped": [
        {
            "what": "location",
            "index": None,
            "codec": None,
            "language": None,
            "reason": "Where it was shot is left out unless asked for: keep location.",
        }
    ],
    "warnings": [
        {
            "code": "frames_damaged",
            "message": "Frames of the file are damaged: they are left out or shown as far as they go.",
            "count": 3,
        }
    ],
    "quality": {"crf": 21.4, "vmaf": 95.2, "p5": 90.1},
    "receipt": "available",
    "previews": ["poster", "storyboard", "sprite", "preview"],
    "error_code": None,
    "error_reason": None,
    "worker": "desk:4711",
    "converting_since": "2026-03-01T12:00:01.250000Z",
    "converting_until": "2026-03-01T12:00:29.500000Z",
}


class StatusAnswer(BaseModel):
    """A transaction. Times are ISO 8601 in UTC."""

    transaction_id: str
    user_id: str
    filename: str
    original_format: str = Field(description="The file's extension until the video has been probed.")
    original_codec: str | None
    target_format: str = Field(
        description="The extension that is delivered: of the wanted container, or the source's own if it was kept."
    )
    target_codec: str = Field(description="Of the pictures that are delivered: `h265`, or the source's if it was kept.")
    status: StatusName
    start_time: str
    updated_time: str
    progress: Progress | None
    queue: Queue | None = Field(description="Place in the queue; null unless the upload waits for a worker.")
    attempt: int = Field(description="Number of the newest attempt; 0 before the first.")
    source: SourceObject | None = Field(description="Null until the upload arrived.")
    converted: ConvertedObject | None = Field(description="Null until Completed.")
    options: OptionsInForce
    media: dict[str, Any] | None = Field(description="What the probe measured of the source; null before.")
    result: ResultName | None = Field(description="How the result came about; null until Completed.")
    result_reason: str | None = Field(description="Why it is not `converted`, as a sentence.")
    dropped: list[Dropped] = Field(description="All that was left out, and why; empty until Completed.")
    warnings: list[Remark] = Field(description="Such as frames that the source had lost.")
    quality: Quality | None = Field(description="Null until Completed, and where the picture was taken over as it is.")
    receipt: str | None = Field(description="`available` for `GET /receipt`, or null.")
    previews: list[str] = Field(
        description="What `GET /thumbnail` has: of `poster`, `storyboard`, `sprite` and `preview`."
    )
    error_code: str | None = Field(description="Why it Failed, or why it is Retrying; for machines.")
    error_reason: str | None = Field(description="The same as a sentence.")
    worker: str | None = Field(description="Who made the newest attempt.")
    converting_since: str | None
    converting_until: str | None

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

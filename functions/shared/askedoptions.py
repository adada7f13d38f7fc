"""The ``options`` of ``POST /upload`` and ``/estimate``: what is taken, and the sentence for what is not."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from functions.shared.errors import InvalidRequest
from functions.shared.options import (
    AUDIO,
    CONTAINERS,
    KEEPABLE,
    LEAST_HEIGHT,
    MAX_CRF,
    MOST_HEIGHT,
    ON_OFF,
    REQUIRABLE,
)
from functions.shared.qualities import LEAST_VMAF, MOST_VMAF, QUALITIES
from functions.shared.speeds import SPEEDS

FIELD_BYTES = 4096
"""Of a form's field ``options``; all options at once have less than 600."""

FAULTS_SHOWN = 5
VALUE_CHARS = 40

CHOICES: dict[str, Sequence[str]] = {
    "quality": tuple(QUALITIES),
    "speed": tuple(SPEEDS),
    "container": CONTAINERS,
    "audio": AUDIO,
    "previews": ON_OFF,
}
ALTERNATIVES = ("crf", "quality", "vmaf")
"""Ways to say how good the film shall look; a request has at most one."""

LISTS: dict[str, Sequence[str]] = {"keep": KEEPABLE, "require": REQUIRABLE}
NUMBERS = {
    "crf": f"must be from 0 to {MAX_CRF}",
    "vmaf": f"must be from {LEAST_VMAF:g} to {MOST_VMAF:g}",
    "max_height": f"must be a whole number from {LEAST_HEIGHT} to {MOST_HEIGHT}",
}


def _enum(name: str) -> dict[str, Any]:
    return {"enum": [*CHOICES[name], None]}


def _items(name: str) -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": "array", "uniqueItems": True, "items": {"type": "string", "enum": list(LISTS[name])}},
            {"type": "null"},
        ]
    }


class OptionsRequest(BaseModel):
    """What the conversion shall do; what is left out has this deployment's default. Frozen once declared.

    The picture is never scaled, cropped, tone-mapped or retimed unless asked for.
    """

    model_config = ConfigDict(extra="forbid")

    crf: float | None = Field(
        None,
        strict=True,
        ge=0,
        le=MAX_CRF,
        allow_inf_nan=False,
        description="x265's constant rate factor: lower is better and larger. The same for each film, however"
        " it then looks.",
        examples=[24],
    )
    quality: str | None = Field(
        None,
        description="How good, by name, as VMAF rates it: "
        + ", ".join(f"`{name}` is {target.vmaf:g}" for name, target in QUALITIES.items())
        + ". The rate factor is found for each film. At most one of `crf`, `quality` and `vmaf`.",
        json_schema_extra=_enum("quality"),
        examples=["high"],
    )
    vmaf: float | None = Field(
        None,
        strict=True,
        ge=LEAST_VMAF,
        le=MOST_VMAF,
        allow_inf_nan=False,
        description="How good, as VMAF rates it in the mean over the frames. The rate factor is found for each film.",
        examples=[93],
    )
    speed: str | None = Field(
        None,
        description="How long the encoder may search: from `fastest` to `smallest`, which is the slowest and makes the"
        " smallest file.",
        json_schema_extra=_enum("speed"),
        examples=["balanced"],
    )
    max_height: int | None = Field(
        None,
        strict=True,
        ge=LEAST_HEIGHT,
        le=MOST_HEIGHT,
        description="Scale down to this many rows, as the picture is shown. A lower picture stays as it is.",
        examples=[1080],
    )
    container: str | None = Field(
        None,
        description="`mp4`, the default, plays everywhere; `mkv` holds subtitles and attachments that MP4 cannot.",
        json_schema_extra=_enum("container"),
        examples=["mp4"],
    )
    audio: str | None = Field(
        None,
        description="`auto`, the default, copies what the container and common players take and makes AAC of the rest;"
        " `copy` refuses where that is not possible; `aac` makes AAC of all that is not; `none` leaves the sound out.",
        json_schema_extra=_enum("audio"),
        examples=["auto"],
    )
    keep: frozenset[str] | None = Field(
        None,
        description="What is left out unless asked for: `location`, where the film was taken; `chroma`, more colour"
        " samples than 4:2:0, which few players show.",
        json_schema_extra=_items("keep"),
        examples=[["location"]],
    )
    require: frozenset[str] | None = Field(
        None,
        description="What must survive: a file of which it cannot be kept is refused before anything is encoded."
        " `location` and `chroma` are then kept, too.",
        json_schema_extra=_items("require"),
        examples=[["hdr", "all_audio"]],
    )
    previews: str | None = Field(
        None,
        description="`on`, the default, makes a poster, a storyboard and an animated preview for `GET /thumbnail`.",
        json_schema_extra=_enum("previews"),
        examples=["on"],
    )

    @field_validator(*CHOICES, mode="before")
    @classmethod
    def _known_name(cls, value: Any, info: Any) -> Any:
        if value is not None and value not in CHOICES[info.field_name]:
            raise PydanticCustomError("choice", "is none of the names")
        return value

    @field_validator(*LISTS, mode="before")
    @classmethod
    def _known_items(cls, value: Any, info: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise PydanticCustomError("list", "is no list")
        for item in value:
            if item not in LISTS[info.field_name]:
                raise PydanticCustomError("item", "{shown}", {"shown": _shown(item)})
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        given = [f"{{where}}.{name}" for name in ALTERNATIVES if getattr(self, name) is not None]
        if len(given) > 1:
            names = f"{', '.join(given[:-1])} and {given[-1]}"
            raise PydanticCustomError("agree", f"{names} exclude each other: give one of them.")
        if self.audio == "none" and "all_audio" in (self.require or ()):
            raise PydanticCustomError(
                "agree", "{where}.audio is none, but {where}.require names all_audio: leave one of them out."
            )
        return self

    def asked(self) -> dict[str, Any]:
        """What was given, in one form however it was written; empty if nothing was."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return {
            name: sorted(value) if name in LISTS else value for name, value in given.items() if value != frozenset()
        }


def parse_options(text: bytes) -> dict[str, Any]:
    """What a form's field asks for, as ``OptionsRequest.asked``; raises ``InvalidRequest``."""
    if len(text) > FIELD_BYTES:
        raise InvalidRequest(f"The form's field options may have at most {FIELD_BYTES} bytes.")
    if not text.strip():
        return {}
    try:
        return OptionsRequest.model_validate(from_json(text)).asked()
    except ValidationError as exc:
        faults = [error | {"loc": ("options", *error["loc"])} for error in exc.errors(include_url=False)]
        raise InvalidRequest(" ".join(option_sentences(faults))) from None
    except ValueError as exc:
        raise InvalidRequest(
            f'The form\'s field options must be a JSON object, such as {{"quality": "high"}}: {exc}.'
        ) from None


def fault_sentences(errors: list[ErrorDetails]) -> Iterator[str]:
    """What is wrong with a request that has options, in sentences."""
    words = {"missing": "is missing", "extra_forbidden": "is not a known field"}
    faults = []
    for error in [error for error in errors if not is_option_fault(error)][:FAULTS_SHOWN]:
        where = ".".join(str(part)[:40] for part in error["loc"])
        faults.append(f"{where!r} {words.get(error['type'], error['msg'])}")
    if faults:
        yield f"The request is not valid: {'; '.join(faults)}."
    yield from option_sentences([error for error in errors if is_option_fault(error)])


def is_option_fault(error: ErrorDetails) -> bool:
    """Whether it lies in options, and is not that there are any where none belong."""
    where = error["loc"]
    return "options" in where and (error["type"] != "extra_forbidden" or where.index("options") < len(where) - 1)


def option_sentences(errors: list[ErrorDetails]) -> Iterator[str]:
    """What is wrong with the options and what to do, a sentence a fault; unknown ones are named in one."""
    unknown = [error["loc"][-1] for error in errors if error["type"] == "extra_forbidden"]
    if unknown:
        names = ", ".join(repr(str(name)[:VALUE_CHARS]) for name in unknown[:FAULTS_SHOWN])
        yield f"Unknown option(s): {names}. Leave them out; there are {', '.join(OptionsRequest.model_fields)}."
    known = [error for error in errors if error["type"] != "extra_forbidden"]
    yield from map(_sentence, known[:FAULTS_SHOWN])


def _sentence(error: ErrorDetails) -> str:
    where = ".".join(str(part) for part in error["loc"])
    name, value = error["loc"][-1], _shown(error["input"])
    if error["type"] == "agree":
        return error["msg"].replace("{where}", where)
    if error["type"] == "item":
        return f"{where} may hold {', '.join(LISTS[str(name)])}, not {error['msg']}."
    if name in LISTS:
        return f'{where} must be a list, such as ["{LISTS[str(name)][0]}"], not {value}.'
    if name in CHOICES:
        return f"{where} must be one of {', '.join(CHOICES[str(name)])}, not {value}."
    if name in NUMBERS:
        return f"{where} {NUMBERS[str(name)]}, not {value}."
    return f'{where} must be an object, such as {{"quality": "high"}}, not {value}.'


def _shown(value: Any) -> str:
    """A value as JSON, shortened; escaped, so that it cannot disguise itself."""
    text = json.dumps(value)
    return text if len(text) <= VALUE_CHARS else f"{text[:VALUE_CHARS]}…"


def json_object(body: bytes, wanted: str) -> dict[str, Any]:
    """The object that a body is; ``InvalidRequest`` says what is ``wanted`` if it is none."""
    try:
        data = from_json(body)
    except ValueError as exc:
        raise InvalidRequest(f"The body is not valid JSON: {exc}.") from None
    if not isinstance(data, dict):
        raise InvalidRequest(f"The body must be a JSON object: {wanted}.")
    return data

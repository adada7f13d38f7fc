"""``POST /upload``, by its content type: JSON for a presigned link, a form for the classic upload."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from functions.shared import logs, metrics
from functions.shared.askedoptions import FIELD_BYTES
from functions.shared.auth import asking_user, parse_uuid, required_uuids
from functions.shared.body import read_json_body
from functions.shared.errors import (
    FileTooLarge,
    IdempotencyConflict,
    InvalidRequest,
    MissingFile,
    NotOwner,
    RequestTimeout,
)
from functions.shared.offload import in_storage_thread, in_thread
from functions.shared.openapi import answer, models
from functions.shared.settings import GIB
from functions.shared.web import NO_STORE, Responses, problem_responses
from functions.upload.accept import MAX_FILES, too_large_remedy
from functions.upload.declare import declare
from functions.upload.form import receive_form
from functions.upload.idempotency import checked_key

router = APIRouter(tags=["upload"])

FORM = "multipart/form-data"
FORM_WITHOUT_FILES = "application/x-www-form-urlencoded"

UserId = Annotated[str | None, Query(description="Who uploads; a UUID. Required; a form may carry it as a field.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="Makes a repeat safe: the same request under the same key gives the same transaction, with a fresh"
        " link while nothing has arrived. Another request under that key is refused with 409."
    ),
]

RESPONSES: Responses = {
    200: answer(
        "JSON: the link or links to upload to. Form: the files are stored.",
        "functions.upload.answers",
        "DeclaredAnswer",
        "DeclaredListAnswer",
        "StoredAnswer",
        "StoredListAnswer",
    ),
    **problem_responses(
        {
            MissingFile(): "`You must include a video file in the request form-data.`,"
            " `Invalid file type. Only videos are allowed.`, `Missing required parameter(s): user_id`,"
            " `Invalid UUID format for parameter: 'user_id'`, or what else is wrong with the request, such as"
            " `options.crf must be from 0 to 51, not 99.`",
            NotOwner(): "`Forbidden`: two different users are named.",
            RequestTimeout(): "The body stopped arriving for a minute.",
            IdempotencyConflict(): "The `Idempotency-Key` was used with another request.",
            FileTooLarge(too_large_remedy(5 * GIB)): "`file_too_large`: more than this deployment takes, which is"
            " 5 GiB at most. `body_too_large`: a JSON"
            " body of more than 1 MiB, or a form larger than this deployment takes. `detail` says what to do.",
        }
    ),
}

ONE_FILE = models("functions.upload.models", "FileRequest")
REQUEST_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    ONE_FILE,
                    {
                        "title": "FilesRequest",
                        "description": "Several files at once: all are accepted or none.",
                        "type": "object",
                        "required": ["files"],
                        "properties": {
                            "files": {"type": "array", "minItems": 1, "maxItems": MAX_FILES, "items": ONE_FILE}
                        },
                    },
                ]
            },
            "examples": {
                "one": {
                    "summary": "One file",
                    "value": {"filename": "holiday.mov", "content_type": "video/quicktime", "size": 73400320},
                },
                "options": {
                    "summary": "One file with options",
                    "value": {
                        "filename": "holiday.mov",
                        "content_type": "video/quicktime",
                        "size": 73400320,
                        "options": {"quality": "high", "max_height": 1080, "require": ["hdr", "all_audio"]},
                    },
                },
                "list": {
                    "summary": "A list",
                    "value": {
                        "files": [
                            {"filename": "a.mp4", "content_type": "video/mp4", "size": 1048576},
                            {
                                "filename": "b.mkv",
                                "content_type": "video/x-matroska",
                                "size": 2097152,
                                "options": {"container": "mkv", "audio": "copy"},
                            },
                        ]
                    },
                },
            },
        },
        FORM: {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "description": "The video, or several parts of this name. Streamed to storage as it arrives.",
                        "type": "string",
                        "format": "binary",
                    },
                    "user_id": {"description": "Instead of the query parameter.", "type": "string", "format": "uuid"},
                    "options": models("functions.shared.askedoptions", "OptionsRequest")
                    | {
                        "description": "A JSON object, before or after the files: it holds for all of them. At most"
                        f" {FIELD_BYTES} bytes.",
                        "examples": [{"quality": "high"}],
                    },
                },
            }
        },
    },
}


@router.post(
    "/upload",
    summary="Upload a video",
    response_class=JSONResponse,
    responses=RESPONSES,
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def upload(request: Request, user_id: UserId = None, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Two ways in.

    **JSON**: declare the file (name, type, size); the answer holds a presigned PUT to storage. Send the file there with
    exactly the given headers; its arrival starts the conversion. The link works once and only for that size and type.

    **Form**: post the file as `file`; it is streamed to storage, and the conversion starts.

    **Options** say what the conversion shall do: quality, size, container, sound, and what must not get lost. A list
    has them per file, a form in a field that holds for all its files. `GET /status` shows what they came to.
    """
    user_id = await asking_user(request, user_id)
    key = checked_key(idempotency_key)
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        user = required_uuids(user_id=user_id)[0]
        body = await read_json_body(request, "declare fewer files at once")
        run = in_thread if key is None else in_storage_thread  # a repeat lists what has arrived
        return _noted(await run(declare, body, user, key))
    if kind == FORM:
        owner = parse_uuid("user_id", user_id) if user_id else None
        return _noted(await receive_form(request, content_type, owner, key))
    raise _unusable(kind)


def _noted(answer: dict[str, Any]) -> JSONResponse:
    """The answer; the request's log line names its transactions."""
    made = [one["transaction_id"] for one in answer.get("transactions", [answer])]
    logs.about(*made)
    metrics.UPLOADS_DECLARED.add(len(made))
    return JSONResponse(answer, headers=NO_STORE)


def _unusable(kind: str) -> Exception:
    if kind in ("", FORM_WITHOUT_FILES):
        return MissingFile()
    return InvalidRequest(f"Send {FORM} or application/json, not {kind[:100]}.")

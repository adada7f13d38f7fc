"""Bad requests, and bad use of an upload link."""

import time
from uuid import uuid4

import httpx

from functions.shared.errors import (
    EmptyFile,
    InvalidFileType,
    MissingFile,
    NotOwner,
    NotReady,
    ReceiptMissing,
    ThumbnailMissing,
    TransactionNotFound,
)
from tests.support.badinput.lab import BadInput, Lab, Seen, answered, refused_by_storage
from tests.support.rows import completed
from tests.support.waiting import wait_until

CONTENT = b"twelve bytes"
NOT_SIGNED_FOR = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


def wrong_type(lab: Lab) -> Seen:
    return answered(lab.post(filename="letter.txt", content_type="text/plain", size=5))


def no_bytes(lab: Lab) -> Seen:
    return answered(lab.post(filename="holiday.mov", content_type="video/quicktime", size=0))


def too_many_bytes(lab: Lab) -> Seen:
    return answered(lab.post(filename="holiday.mov", content_type="video/quicktime", size=6 * 1024**3))


def missing_field(lab: Lab) -> Seen:
    return answered(lab.post(filename="holiday.mov", content_type="video/quicktime"))


def option_out_of_range(lab: Lab) -> Seen:
    return answered(lab.post(filename="holiday.mov", content_type="video/quicktime", size=5, options={"crf": 99}))


def unknown_option(lab: Lab) -> Seen:
    return answered(lab.post(filename="holiday.mov", content_type="video/quicktime", size=5, options={"tune": "x"}))


def no_user(lab: Lab) -> Seen:
    return answered(lab.api.request("POST", "/upload", headers={"Content-Type": "application/json"}, content=b"{}"))


def no_parameters(lab: Lab) -> Seen:
    return answered(lab.get("/status"))


def malformed_id(lab: Lab) -> Seen:
    return answered(lab.get("/status", user_id="me", transaction_id=str(uuid4())))


def no_file(lab: Lab) -> Seen:
    return answered(lab.form("other", "holiday.mov", "video/quicktime"))


def letter_in_form(lab: Lab) -> Seen:
    return answered(lab.form("file", "letter.txt", "text/plain"))


def unknown_transaction(lab: Lab) -> Seen:
    return answered(lab.get("/status", user_id=lab.user_id, transaction_id=str(uuid4())))


def transaction_of_another(lab: Lab) -> Seen:
    upload = lab.world.upload(CONTENT)
    return answered(lab.get("/status", user_id=lab.user_id, transaction_id=str(upload.transaction_id)))


def too_early(lab: Lab) -> Seen:
    upload = lab.world.upload(CONTENT)
    ids = {"user_id": str(upload.user_id), "transaction_id": str(upload.transaction_id)}
    return answered(lab.get("/download", **ids))


def of_finished(lab: Lab, path: str, **params: str) -> Seen:
    """Ask for what lies beside a result that has nothing beside it."""
    row, _ = completed(lab.user_id)
    return answered(lab.get(path, user_id=lab.user_id, transaction_id=str(row.transaction_id), **params))


def no_receipt(lab: Lab) -> Seen:
    return of_finished(lab, "/receipt")


def no_poster(lab: Lab) -> Seen:
    return of_finished(lab, "/thumbnail")


def unknown_kind(lab: Lab) -> Seen:
    return of_finished(lab, "/thumbnail", kind="icon")


def put(lab: Lab, content: bytes, **headers: str) -> httpx.Response:
    """Use a link for ``CONTENT``; ``headers`` replace what it was signed for, ``None`` values are left out."""
    upload = lab.link(CONTENT)
    replaced = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {k: v for k, v in (upload["headers"] | replaced).items() if v and k != "Content-Length"}
    return httpx.put(upload["url"], headers=sent, content=content)


def other_size(lab: Lab) -> Seen:
    return refused_by_storage(put(lab, CONTENT + b"!"))


def other_type(lab: Lab) -> Seen:
    return refused_by_storage(put(lab, CONTENT, Content_Type="text/html"))


def without_condition(lab: Lab) -> Seen:
    return refused_by_storage(put(lab, CONTENT, If_None_Match=""))


def second_time(lab: Lab) -> Seen:
    upload = lab.link(CONTENT)
    first, second = (httpx.put(upload["url"], headers=upload["headers"], content=CONTENT) for _ in range(2))
    assert first.status_code == 200
    return refused_by_storage(second)


def too_late(lab: Lab) -> Seen:
    upload = lab.link(CONTENT)
    made = time.monotonic()
    wait_until(lambda: time.monotonic() - made > 2, "the link's end")
    return refused_by_storage(httpx.put(upload["url"], headers=upload["headers"], content=CONTENT))


BAD_REQUESTS = [
    BadInput(
        "`POST /upload` of a text file",
        wrong_type,
        Seen("HTTP 400", "invalid_file_type", InvalidFileType.hint),
    ),
    BadInput("`POST /upload` of an empty file", no_bytes, Seen("HTTP 400", "empty_file", EmptyFile.hint)),
    BadInput(
        "`POST /upload` of more than one PUT can carry",
        too_many_bytes,
        Seen(
            "HTTP 413",
            "file_too_large",
            "The file has 6442450944 bytes. One upload may have at most 5368709120 bytes: "
            "cut the video into shorter films, or compress it first.",
        ),
    ),
    BadInput(
        "`POST /upload` without the size",
        missing_field,
        Seen("HTTP 400", "invalid_request", "The request is not valid: 'size' is missing."),
    ),
    BadInput(
        "`POST /upload` with an option that is out of range",
        option_out_of_range,
        Seen("HTTP 400", "invalid_request", "options.crf must be from 0 to 51, not 99."),
    ),
    BadInput(
        "`POST /upload` with an option that there is not",
        unknown_option,
        Seen(
            "HTTP 400",
            "invalid_request",
            "Unknown option(s): 'tune'. Leave them out; there are crf, quality, vmaf, speed, max_height, container, "
            "audio, keep, require, previews.",
        ),
    ),
    BadInput(
        "`POST /upload` without `user_id`",
        no_user,
        Seen("HTTP 400", "missing_parameter", "Missing required parameter(s): user_id"),
    ),
    BadInput("A form without a file", no_file, Seen("HTTP 400", "missing_file", MissingFile.hint)),
    BadInput("A form with a text file", letter_in_form, Seen("HTTP 400", "invalid_file_type", InvalidFileType.hint)),
    BadInput(
        "`GET /status` without parameters",
        no_parameters,
        Seen("HTTP 400", "missing_parameter", "Missing required parameter(s): user_id, transaction_id"),
    ),
    BadInput(
        "`GET /status` with a malformed `user_id`",
        malformed_id,
        Seen("HTTP 400", "invalid_parameter", "Invalid UUID format for parameter: 'user_id'"),
    ),
    BadInput(
        "`GET /status` of an unknown transaction",
        unknown_transaction,
        Seen("HTTP 404", "transaction_not_found", TransactionNotFound.hint),
    ),
    BadInput(
        "`GET /status` of somebody else's transaction",
        transaction_of_another,
        Seen("HTTP 403", "forbidden", NotOwner.hint),
    ),
    BadInput("`GET /download` too early", too_early, Seen("HTTP 409", "not_ready", NotReady.hint)),
    BadInput(
        "`GET /receipt` of a conversion that wrote none",
        no_receipt,
        Seen("HTTP 404", "receipt_missing", ReceiptMissing.hint),
    ),
    BadInput(
        "`GET /thumbnail` of a film without one",
        no_poster,
        Seen("HTTP 404", "thumbnail_missing", ThumbnailMissing.hint),
    ),
    BadInput(
        "`GET /thumbnail` of a kind that there is not",
        unknown_kind,
        Seen("HTTP 400", "invalid_parameter", "kind must be one of poster, storyboard, sprite, preview, not 'icon'."),
    ),
]
BAD_PUTS = [
    BadInput("Another size than declared", other_size, Seen("HTTP 403", "SignatureDoesNotMatch", NOT_SIGNED_FOR)),
    BadInput("Another type than declared", other_type, Seen("HTTP 403", "SignatureDoesNotMatch", NOT_SIGNED_FOR)),
    BadInput(
        "A signed header left out",
        without_condition,
        Seen("HTTP 400", "AccessDenied", "There were headers present in the request which were not signed"),
    ),
    BadInput(
        "A second PUT on the same link",
        second_time,
        Seen("HTTP 412", "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    ),
    BadInput("An expired link", too_late, Seen("HTTP 403", "AccessDenied", "Request has expired"), {"LINK_TTL_S": "1"}),
]

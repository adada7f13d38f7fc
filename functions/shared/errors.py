"""The errors of the domain, drawn as a tree: the type says what happens next.

    Bucket265Error
    ├── RequestRefused            a client's mistake: nothing was stored; the HTTP layer answers with its code
    ├── PipelineError             raised by a stage of a conversion
    │   ├── PermanentError        a new delivery cannot succeed: the row becomes Failed, the message is acknowledged
    │   └── RetryableError        may succeed later: the row becomes Retrying, the message returns to the queue
    └── StaleAttempt              another attempt owns the row: this one stops and writes nothing

``code`` is for machines and stable. ``hint`` is for people: one sentence that says what happened and what to do.
``detail`` carries measured figures and is safe to show: never a path, never the text of a media tool.
"""

from typing import ClassVar


class Bucket265Error(Exception):
    """Base of all our errors."""

    code: ClassVar[str] = "internal_error"
    hint: ClassVar[str] = "Something went wrong on our side; try again."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def sentence(self) -> str:
        """What a person reads: the hint, then the figures if there are any."""
        return f"{self.hint} ({self.detail})" if self.detail else self.hint


class StaleAttempt(Bucket265Error):
    """A newer attempt owns the row, or the row is terminal."""

    code = "stale_attempt"
    hint = "A newer attempt owns this transaction."


class PipelineError(Bucket265Error):
    """A stage of a conversion failed."""


class PermanentError(PipelineError):
    """Redelivery cannot succeed: mark the transaction Failed, acknowledge the message."""


class RetryableError(PipelineError):
    """Redelivery may succeed: mark the transaction Retrying, give the message back with a delay."""


class EmptyObject(PermanentError):
    code = "empty_object"
    hint = "The uploaded file is empty; upload it again."


class NotAVideo(PermanentError):
    code = "not_a_video"
    hint = "The file holds no video that can be converted; upload a video file."


class UnreadableMedia(PermanentError):
    code = "unreadable_media"
    hint = "The file is damaged or not a video that can be read; upload it again or convert it to MP4 first."


class TruncatedMedia(PermanentError):
    code = "truncated_media"
    hint = "The video ends before its own index says it does: it was cut short; upload the whole file."


class PictureOutOfRange(PermanentError):
    code = "picture_out_of_range"
    hint = "The picture is too small or too large: 16 to 8192 pixels a side and at most 35 megapixels are accepted."


class PictureTooLargeForWorker(PermanentError):
    code = "picture_too_large_for_this_worker"
    hint = "The picture needs more memory than this worker has; scale the video down or use a larger worker."


class DurationOutOfRange(PermanentError):
    code = "duration_out_of_range"
    hint = "The video is longer than this service accepts; cut it into shorter films."


class EncodeFailed(PermanentError):
    code = "encode_failed"
    hint = "The video could not be encoded; the file is probably damaged: convert it to MP4 first and upload that."


class OutputTooLarge(PermanentError):
    code = "output_too_large"
    hint = "The converted video grew past the size that this service accepts."


class VerificationFailed(PermanentError):
    code = "verification_failed"
    hint = "The converted video does not match the original, so it was not published; please report this file."


class TimeBudgetExceeded(PermanentError):
    code = "time_budget_exceeded"
    hint = "The conversion takes longer than this service allows; cut the video into shorter films."


class TooLongForThisWorker(PermanentError):
    code = "too_long_for_this_worker"
    hint = (
        "Converting this video takes longer than this worker may run; upload a shorter or smaller one, let a faster"
        " preset be set, or have it converted by a worker without such a limit."
    )


class SourceMissing(PermanentError):
    code = "source_missing"
    hint = "The uploaded file is no longer in storage; upload it again as a new transaction."


class SourceSuperseded(PermanentError):
    code = "source_superseded"
    hint = "The uploaded file was replaced while it was being converted; upload it again as a new transaction."


class AttemptsExhausted(PermanentError):
    code = "attempts_exhausted"
    hint = "Every attempt of the conversion was cut off before it could finish; an operator can redrive it."


class StorageUnavailable(RetryableError):
    code = "storage_unavailable"
    hint = "The storage did not answer."


class StorageRefused(StorageUnavailable):
    """Storage answers, but not with what was asked: of one object or bucket, not an outage."""

    hint = "The storage refused what the service asked of it."


class DatabaseUnavailable(RetryableError):
    code = "database_unavailable"
    hint = "The database did not answer."


class ScratchFull(RetryableError):
    code = "scratch_full"
    hint = "The worker's disk has too little room for this video; free some space or give the worker a larger disk."


class StageStalled(RetryableError):
    code = "stage_stalled"
    hint = "A stage of the conversion made no progress and was ended."


class MediaProcessKilled(RetryableError):
    code = "media_process_killed"
    hint = "The encoder was ended from outside, most likely for lack of memory."


class WorkerStopping(RetryableError):
    code = "worker_stopping"
    hint = "The worker was asked to stop; another one takes over."


class UnexpectedError(RetryableError):
    code = "internal_error"
    hint = "An unexpected error occurred while converting."


class RequestRefused(Bucket265Error):
    """A request that cannot be served as it is. ``detail`` is the whole sentence that the client reads."""

    code = "bad_request"

    def sentence(self) -> str:
        return self.detail or self.hint


class InvalidRequest(RequestRefused):
    code = "invalid_request"


class MissingFile(RequestRefused):
    code = "missing_file"
    hint = "You must include a video file in the request form-data."


class InvalidFileType(RequestRefused):
    code = "invalid_file_type"
    hint = "Invalid file type. Only videos are allowed."


class EmptyFile(RequestRefused):
    code = "empty_file"
    hint = "The file is empty; choose a video file."


class MissingParameter(RequestRefused):
    code = "missing_parameter"


class InvalidParameter(RequestRefused):
    code = "invalid_parameter"


class FileTooLarge(RequestRefused):
    code = "file_too_large"


class BodyTooLarge(RequestRefused):
    code = "body_too_large"


class IdempotencyConflict(RequestRefused):
    code = "idempotency_conflict"
    hint = "This Idempotency-Key was used with another request; use a new key for a new upload."


class Unauthorized(RequestRefused):
    code = "unauthorized"
    hint = "Send the header Authorization: Bearer TOKEN, with a token of this API's identity provider."


class IdentityProviderUnavailable(RequestRefused):
    """``detail`` is for the log: it may name what lies inside our network."""

    code = "identity_provider_unavailable"
    hint = "The identity provider did not answer, so your token could not be checked; try again in a moment."

    def sentence(self) -> str:
        return self.hint


class NotOwner(RequestRefused):
    code = "forbidden"
    hint = "Forbidden"


class TransactionNotFound(RequestRefused):
    code = "transaction_not_found"
    hint = "Transaction not found"


class NotReady(RequestRefused):
    code = "not_ready"
    hint = "File not ready for download"


class ConvertedMissing(RequestRefused):
    code = "converted_missing"
    hint = "Converted file missing"


class UploadInterrupted(RequestRefused):
    code = "upload_interrupted"
    hint = "The upload stopped before the last byte; nothing was stored: send it again."


class RequestTimeout(RequestRefused):
    code = "request_timeout"
    hint = "The request's body stopped arriving; nothing was stored: send it again."


class Busy(RequestRefused):
    code = "busy"
    hint = "Too many form uploads at once; try again in a moment, or use a presigned link, which has no such limit."

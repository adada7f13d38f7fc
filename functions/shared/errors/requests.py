"""Requests that are refused. A request that is refused stores nothing."""

from functions.shared.errors.kinds import RequestRefused

ON_OWN_MACHINE = "`python -m local estimate FILE` estimates any film on your own machine."


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


class ReceiptMissing(RequestRefused):
    code = "receipt_missing"
    hint = "This conversion has no receipt: it is older than receipts are. Upload the film again to get one."


class ThumbnailMissing(RequestRefused):
    code = "thumbnail_missing"
    hint = "There is no such preview of this film: none could be made. The result itself is not affected."


class UploadInterrupted(RequestRefused):
    code = "upload_interrupted"
    hint = "The upload stopped before the last byte; nothing was stored: send it again."


class RequestTimeout(RequestRefused):
    code = "request_timeout"
    hint = "The request's body stopped arriving; nothing was stored: send it again."


class Busy(RequestRefused):
    code = "busy"
    hint = "Too many form uploads at once; try again in a moment, or use a presigned link, which has no such limit."


class NotUploaded(RequestRefused):
    code = "not_uploaded"
    hint = "The file has not arrived yet: send it to the link that POST /upload gave, then ask again."


class EstimateTooLarge(RequestRefused):
    code = "estimate_too_large"
    hint = f"The film is too large to be estimated here; it is converted all the same. {ON_OWN_MACHINE}"


class EstimateTooSlow(RequestRefused):
    code = "estimate_too_slow"
    hint = (
        f"The film's samples could not be encoded in the time of a request; it is converted all the same."
        f" {ON_OWN_MACHINE}"
    )

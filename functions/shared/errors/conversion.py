"""How a conversion ends when it does not succeed. What each container and codec is refused for: docs/security.md."""

from functions.shared.errors.kinds import RETRIED, PermanentError, Retry, RetryableError


class EmptyObject(PermanentError):
    code = "empty_object"
    hint = "The uploaded file is empty."
    remedy = "Upload it again."


class NotAVideo(PermanentError):
    code = "not_a_video"
    hint = "The file holds no video that can be converted."
    remedy = "Upload a video file."


class UnreadableMedia(PermanentError):
    code = "unreadable_media"
    hint = "The file is cut short, damaged, or not a video that can be read."
    remedy = "Upload the whole file again, or convert it to MP4 first."


class UnsupportedCodec(PermanentError):
    code = "unsupported_codec"
    hint = "The picture is coded in a way that this service does not decode."
    remedy = "Convert it to a common codec first, such as H.264 in MP4, and upload that."


class TruncatedMedia(PermanentError):
    code = "truncated_media"
    hint = "The video ends before its own index says it does: it was cut short."
    remedy = "Upload the whole file."


class DamagedMedia(PermanentError):
    code = "damaged_media"
    hint = "More of the video is damaged than a viewer would overlook."
    remedy = "Upload an undamaged copy."


class TooManyStreams(PermanentError):
    code = "too_many_streams"
    hint = "The file has more tracks than this service accepts."
    remedy = "Leave out tracks that you do not need and upload it again."


class PictureOutOfRange(PermanentError):
    code = "picture_out_of_range"
    hint = "The picture is smaller or larger than this service accepts."
    remedy = "Scale the video and upload it again."


class PictureTooLargeForWorker(PermanentError):
    code = "picture_too_large_for_this_worker"
    hint = "The picture needs more memory than this worker has."
    remedy = "Scale the video down, or use a larger worker."
    retry = Retry.AFTER_REPAIR


class DurationOutOfRange(PermanentError):
    code = "duration_out_of_range"
    hint = "The video is longer than this service accepts."
    remedy = "Cut it into shorter films."


class FrameRateOutOfRange(PermanentError):
    code = "frame_rate_out_of_range"
    hint = "The video has more frames a second than this service accepts."
    remedy = "Convert it to a lower frame rate first."


class DolbyVisionUnsupported(PermanentError):
    code = "dolby_vision_unsupported"
    hint = "The video is a Dolby Vision film without a picture that other players show."
    remedy = "Export it with an HDR10 or HLG base layer (profile 8) and upload that."


class RequirementNotMet(PermanentError):
    code = "requirement_not_met"
    hint = "The result could not keep everything that the upload required."
    remedy = "Leave out that requirement; the container mkv keeps more sound, subtitles and attachments than mp4 does."


class EncodeFailed(PermanentError):
    code = "encode_failed"
    hint = "The video could not be encoded; the file is probably damaged."
    remedy = "Convert it to MP4 first and upload that."


class CpuLimitExceeded(EncodeFailed):
    code = "cpu_limit_exceeded"
    hint = "The conversion used up the processor time that one video may take."
    remedy = "Cut the video into shorter films, or scale it down."


class OutputTooLarge(PermanentError):
    code = "output_too_large"
    hint = "The converted video grew past the size that this service accepts."
    remedy = "Cut the video into shorter films, or ask for a lower quality."


class ScratchLimitExceeded(PermanentError):
    code = "scratch_limit_exceeded"
    hint = "The conversion needs more disk space than one video may take."
    remedy = "Cut the video into shorter films."


class VerificationFailed(PermanentError):
    code = "verification_failed"
    hint = "The converted video does not match the original, so it was not published."
    remedy = "Please report this file."


class TimeBudgetExceeded(PermanentError):
    code = "time_budget_exceeded"
    hint = "The conversion takes longer than this service allows."
    remedy = "Cut the video into shorter films."


class TooLongForThisWorker(PermanentError):
    code = "too_long_for_this_worker"
    hint = "Converting this video takes longer than this worker may run."
    remedy = (
        "Upload a shorter or smaller one, let a faster preset be set, or have it converted by a worker without such a"
        " limit."
    )
    retry = Retry.AFTER_REPAIR


class SourceMissing(PermanentError):
    code = "source_missing"
    hint = "The uploaded file is no longer in storage."
    remedy = "Upload it again as a new transaction."


class SourceSuperseded(PermanentError):
    code = "source_superseded"
    hint = "The uploaded file was replaced while it was being converted."
    remedy = "Upload it again as a new transaction."


class AttemptsExhausted(PermanentError):
    code = "attempts_exhausted"
    hint = "Every attempt of the conversion was cut off before it could finish."
    remedy = "An operator can mend what cut it off and redrive it."
    retry = Retry.AFTER_REPAIR


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
    hint = "The worker's disk has too little room for this video."
    remedy = f"{RETRIED}; an operator can free some space or give the worker a larger disk."


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

"""A source beside its result: measured frame by frame, drawn as one picture and one page."""

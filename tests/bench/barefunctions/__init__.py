"""The references of the cold start: the same libraries and nothing else, run as Lambda functions."""

"""Answers as sentences and figures: one module an answer."""

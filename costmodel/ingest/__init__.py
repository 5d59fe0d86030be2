"""What users bring: files written by other tools, read once and turned into plain records.

Every reader refuses what it does not understand with an error that names the file; none guesses,
and none computes a bill.
"""
